import { DirectiveLocation, GraphQLDirective, GraphQLEnumType, GraphQLNonNull } from 'graphql';
import { Directive } from 'type-graphql';

/**
 * What a caller must be. Administrators of the tenant meet every requirement but PETITION_APPROVER. `auth/policy.ts` answers each one; a type
 * without an id of its own that is PUBLIC is as visible as what carries it.
 */
export enum Requirement {
  PUBLIC = 'PUBLIC',
  SIGNED_IN = 'SIGNED_IN',
  SELF = 'SELF',
  PETITION_PARTY = 'PETITION_PARTY',
  PETITION_APPROVER = 'PETITION_APPROVER',
  ORGANIZATION_MEMBER = 'ORGANIZATION_MEMBER',
  ORGANIZATION_ADMINISTRATOR = 'ORGANIZATION_ADMINISTRATOR',
  TENANT_ADMINISTRATOR = 'TENANT_ADMINISTRATOR',
}

const DESCRIPTIONS: Record<Requirement, string> = {
  PUBLIC: 'Everybody. On a type without an id: whoever sees what carries it.',
  SIGNED_IN: 'Whoever is signed in.',
  SELF: 'The user that the object is, or belongs to; of an event: who acted; of an invitation: whom it is for, and the administrators of its organization.',
  PETITION_PARTY:
    'The petitioner or the enrollee of the petition, by a session or by its token; who approves it; an administrator of its organization.',
  PETITION_APPROVER:
    'Who may decide on the petition now. Where its flow names a role, that is who holds it, and administrators of the tenant are not.',
  ORGANIZATION_MEMBER:
    'A member of the organization; of a user: somebody who shares an organization with them, and they themselves.',
  ORGANIZATION_ADMINISTRATOR:
    'An administrator of the organization; of a user or membership: of one of their organizations, and they themselves; of a petition: also who approves it; of an event: also whom it is about, and who acted.',
  TENANT_ADMINISTRATOR: 'An administrator of the tenant.',
};

/** The directive as it stands in the schema. */
export const authDirective = new GraphQLDirective({
  name: 'auth',
  description:
    'Who may read this field, use this input field, or see objects of this type. On a field it comes on top of what the type asks. On a root field, the object is the one that the argument `id`, `organizationId` or `userId` names; where that may be left out and is, the whole tenant.',
  locations: [
    DirectiveLocation.OBJECT,
    DirectiveLocation.FIELD_DEFINITION,
    DirectiveLocation.INPUT_FIELD_DEFINITION,
    DirectiveLocation.INPUT_OBJECT,
  ],
  args: {
    requires: {
      description: 'The least that the caller must be.',
      type: new GraphQLNonNull(
        new GraphQLEnumType({
          name: 'Requirement',
          description:
            'What a caller must be. Administrators of the tenant meet every requirement but PETITION_APPROVER.',
          values: Object.fromEntries(
            Object.entries(DESCRIPTIONS).map(([name, description]) => [name, { value: name, description }]),
          ),
        }),
      ),
    },
  },
});

/** Puts a type, field, input or input field under a requirement: `@auth(requires: …)`. */
export function Auth(
  requirement: Requirement | keyof typeof Requirement,
): ClassDecorator & PropertyDecorator & MethodDecorator {
  return Directive(`@auth(requires: ${requirement})`);
}
