import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { EventType } from './event.js';
import { PetitionType } from './petition.js';
import { Auth } from './requirement.js';
import { DateTime } from './scalars.js';

@Auth('PETITION_PARTY')
@ObjectType({ description: 'Something that has happened to a petition.', simpleResolvers: true })
export class PetitionChange {
  @Field(() => ID, { description: 'The id of the event: give it as `after` to go on from here.' })
  id!: string;

  @Field(() => String, { description: 'The type of the event, e.g. `petition.confirmed`.' })
  type!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: string;

  @Field(() => PetitionType, {
    nullable: true,
    description: 'The petition as it is now, with `nextActions` for the viewer of this moment.',
  })
  petition!: unknown;

  @Field(() => EventType, {
    nullable: true,
    description: 'What the audit log says of it, for those who may read that.',
  })
  event!: unknown;
}

/** What became of a petition in an approver's inbox, or of their rights. */
export enum InboxChange {
  ARRIVED = 'ARRIVED',
  CHANGED = 'CHANGED',
  LEFT = 'LEFT',
  RIGHTS_CHANGED = 'RIGHTS_CHANGED',
}

registerEnumType(InboxChange, {
  name: 'InboxChange',
  description: "What became of a petition in an approver's inbox, or of their rights.",
  valuesConfig: {
    ARRIVED: { description: 'It waits for a decision from now on.' },
    CHANGED: { description: 'It waits on: another approver has approved, or it was escalated.' },
    LEFT: { description: 'It waits for the viewer no more: it was decided, ended otherwise, or they have approved.' },
    RIGHTS_CHANGED: {
      description: 'A membership of the viewer or a delegation to them: the inbox may be another one.',
    },
  },
});

@Auth('SIGNED_IN')
@ObjectType({ description: "Something that has changed in the viewer's inbox of approvals.", simpleResolvers: true })
export class PetitionInboxChange {
  @Field(() => ID, { description: 'The id of the event: give it as `after` to go on from here.' })
  id!: string;

  @Field(() => String, { description: 'The type of the event, e.g. `petition.approved`.' })
  type!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: string;

  @Field(() => InboxChange, { description: 'What became of the petition, or of rights.' })
  change!: InboxChange;

  @Field(() => PetitionType, {
    nullable: true,
    description: 'The petition as it is now; null where rights have changed.',
  })
  petition!: unknown;
}
