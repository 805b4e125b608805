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
    PROOF_MISSING: {
      description: 'DNS does not have the record that proves the domain; the message says what to publish.',
    },
    DNS_UNAVAILABLE: { description: 'DNS could not be asked; nothing has changed. Try again.' },
    REAUTHENTICATION_REQUIRED: { description: 'Sign in again first: this needs a sign-in of the last ten minutes.' },
    FACTOR_PROOF_REQUIRED: { description: 'Show a second factor that you have first: `factorProve`.' },
    FACTOR_NOT_ENABLED: { description: 'The tenant takes no second factors of this kind.' },
    NO_FACTOR_ENABLED: {
      description: 'An organization requires a second factor, and the tenant would take none of any kind.',
    },
    WRONG_CODE: { description: 'The code is not the one of this moment, or was used already.' },
    RATE_LIMITED: { description: 'Too often: the message says when to try again.' },
    FLOW_NOT_ACTIVE: { description: 'The enrollment flow is suspended, a template, or gone.' },
    NOT_YOUR_TURN: { description: 'The petition waits for somebody else; `nextActions` says what the caller may do.' },
    PETITION_ALREADY_DECIDED: { description: 'Somebody has decided on the petition already.' },
    PETITION_FINISHED: { description: 'The petition is finished: nothing changes it any more.' },
    OWN_PETITION: { description: 'The flow does not let people decide on their own petitions.' },
    TERMS_REQUIRED: { description: 'All active terms must be agreed to.' },
    SIGN_IN_REQUIRED: { description: 'Sign in first, then do it again.' },
    INVALID_TOKEN: { description: 'The link is not valid, or not valid any more.' },
    CONFIRMATION_EXPIRED: { description: 'The link has expired; ask for a new one.' },
    CONFIRMATION_RENEWED: { description: 'The link has expired; a new one was mailed to the same address.' },
    NO_ADDRESS: { description: 'There is no address that could be confirmed.' },
    MANUAL_ACTION_NEEDED: { description: 'An administrator must settle this; the message says why.' },
    SOURCE_UNAVAILABLE: { description: 'A source did not answer; nothing is decided by that. Try again.' },
    SYNC_RUNNING: { description: 'The source is being synced already; the answer names the sync.' },
    IN_USE: { description: 'Others need the object; the message names them.' },
    ORGANIZATION_MFA_REQUIRED: {
      description: 'The organization asks for a second factor, which you have not, or have not shown.',
    },
    BUILT_IN: { description: 'What comes with Vestibule keeps its name and what it is for.' },
    ALREADY_MEMBER: { description: 'The person is a member already.' },
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
