import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { UserErrorCode } from '../faults.js';
import { Auth } from './requirement.js';

registerEnumType(UserErrorCode, {
  name: 'UserErrorCode',
  description: 'Why a mutation did nothing.',
  valuesConfig: {
    INVALID: { description: 'The value cannot be used; the message says why.' },
    REQUIRED: { description: 'The value may not be empty.' },
    TOO_LONG: { description: 'The value is too long.' },
    TAKEN: { description: 'Another object has that value.' },
    NOT_FOUND: { description: 'There is no such object.' },
    STALE_VERSION: { description: 'The object was changed since; the payload has it as it is now.' },
    IDEMPOTENCY_KEY_REUSED: { description: 'The key was used with another input.' },
    LAST_IDENTITY: { description: 'The only provider account of a user cannot be taken away.' },
    LAST_TENANT_ADMINISTRATOR: { description: 'The tenant would be left without an administrator.' },
    SIGN_IN_REFUSED: { description: 'The person is not let in; `refusal` says why.' },
    PROVIDER_UNUSABLE: { description: 'The provider cannot be used as configured.' },
    WRONG_STATUS: { description: 'The object is not in a status that allows this.' },
    COMPLETION_CLOSED: { description: 'The name is not, or no longer, yours to give.' },
  },
});

@Auth('PUBLIC')
@ObjectType({ description: 'An expected refusal: nothing was changed.', simpleResolvers: true })
export class UserError {
  @Field(() => UserErrorCode, { description: 'What programs read.' })
  code!: UserErrorCode;

  @Field(() => String, { description: 'What people read: what is wrong and what to do.' })
  message!: string;

  @Field(() => [String], { nullable: true, description: 'The path of the input field, from `input`.' })
  field!: string[] | null;
}
