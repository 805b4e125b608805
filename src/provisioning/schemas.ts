import { attribute, type Attribute, plural } from './attributes.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
/** What Vestibule itself takes from a directory about a person. */
export const VESTIBULE_SCHEMA = 'urn:vestibule:params:scim:schemas:User';

/** Attributes of every resource (RFC 7643, section 3.1). They stand in no schema. */
const COMMON: Attribute[] = [
  attribute('schemas', 'The schemas of what is in the resource.', {
    type: 'reference',
    multiValued: true,
    required: true,
    returned: 'always',
  }),
  attribute('id', 'The name of the resource here.', { caseExact: true, mutability: 'readOnly', returned: 'always' }),
  attribute('externalId', 'The name of the resource in the directory.', { caseExact: true }),
  attribute('meta', 'About the resource itself.', {
    mutability: 'readOnly',
    subAttributes: [
      attribute('resourceType', 'The type of the resource.', { caseExact: true, mutability: 'readOnly' }),
      attribute('created', 'When it was made.', { type: 'dateTime', mutability: 'readOnly' }),
      attribute('lastModified', 'When it was last changed.', { type: 'dateTime', mutability: 'readOnly' }),
      attribute('location', 'Its address.', { type: 'reference', mutability: 'readOnly' }),
      attribute('version', 'Its version: the ETag.', { caseExact: true, mutability: 'readOnly' }),
    ],
  }),
];

const PLACES = ['work', 'home', 'other'];

const USER_ATTRIBUTES: Attribute[] = [
  attribute('userName', 'The name by which the directory knows the person. Compared without regard to case.', {
    required: true,
    uniqueness: 'server',
  }),
  attribute('name', 'The parts of the name.', {
    subAttributes: [
      attribute('formatted', 'The whole name, as it is shown.'),
      attribute('familyName', 'The family name. It becomes that of the account.'),
      attribute('givenName', 'The given name. It becomes that of the account.'),
      attribute('middleName', 'The middle names.'),
      attribute('honorificPrefix', 'What stands before the name.'),
      attribute('honorificSuffix', 'What stands behind the name.'),
    ],
  }),
  attribute('displayName', 'The name that is shown to people.'),
  attribute('nickName', 'What people call them.'),
  attribute('profileUrl', 'A page about the person.', { type: 'reference', referenceTypes: ['external'] }),
  attribute('title', 'The title, such as "Vice President".'),
  attribute('userType', 'What the person is to the organization, such as "Contractor".'),
  attribute('preferredLanguage', 'The language that the person prefers.'),
  attribute('locale', 'Where the person is, for formats of dates and numbers.'),
  attribute('timezone', 'The time zone, such as "Europe/Paris".'),
  attribute('active', 'Whether the person may use the account.', { type: 'boolean' }),
  attribute('password', 'Taken and forgotten: nobody signs in here with a password.', {
    mutability: 'writeOnly',
    returned: 'never',
  }),
  plural('emails', 'E-mail addresses. The primary one becomes that of the account.', PLACES),
  plural('phoneNumbers', 'Phone numbers.', ['work', 'home', 'mobile', 'fax', 'pager', 'other']),
  plural('ims', 'Addresses for instant messages.'),
  plural('photos', 'Addresses of pictures.', ['photo', 'thumbnail'], {
    type: 'reference',
    caseExact: true,
    referenceTypes: ['external'],
  }),
  attribute('addresses', 'Postal addresses.', {
    multiValued: true,
    subAttributes: [
      attribute('formatted', 'The whole address.'),
      attribute('streetAddress', 'Street and number.'),
      attribute('locality', 'The city.'),
      attribute('region', 'The state or region.'),
      attribute('postalCode', 'The postal code.'),
      attribute('country', 'The country.'),
      attribute('type', 'A label that says what it is for.', { canonicalValues: PLACES }),
      attribute('primary', 'Whether it is the preferred one. At most one is.', { type: 'boolean' }),
    ],
  }),
  attribute('groups', 'The groups that the person is in. It follows from the groups.', {
    multiValued: true,
    mutability: 'readOnly',
    subAttributes: [
      attribute('value', 'The id of the group.', { caseExact: true, mutability: 'readOnly' }),
      attribute('$ref', 'The address of the group.', {
        type: 'reference',
        mutability: 'readOnly',
        referenceTypes: ['Group'],
      }),
      attribute('display', 'The name of the group.', { mutability: 'readOnly' }),
      attribute('type', 'Always "direct": groups hold no groups.', {
        mutability: 'readOnly',
        canonicalValues: ['direct'],
      }),
    ],
  }),
  plural('entitlements', 'Things that the person has.'),
  plural('roles', 'What the person is, by the directory. It gives no role here: map groups for that.'),
  plural('x509Certificates', 'Certificates.', undefined, { type: 'binary', caseExact: true }),
];

const ENTERPRISE_ATTRIBUTES: Attribute[] = [
  attribute('employeeNumber', 'The number of the employee.'),
  attribute('costCenter', 'The cost center.'),
  attribute('organization', 'The organization, by the directory.'),
  attribute('division', 'The division.'),
  attribute('department', 'The department.'),
  attribute('manager', 'The manager.', {
    subAttributes: [
      attribute('value', "The manager's id."),
      attribute('$ref', "The manager's address.", { type: 'reference', referenceTypes: ['User'] }),
      attribute('displayName', "The manager's name."),
    ],
  }),
];

const GROUP_ATTRIBUTES: Attribute[] = [
  attribute('displayName', 'The name of the group.', { required: true }),
  attribute('members', 'Users of the same connection. Groups are no members.', {
    multiValued: true,
    subAttributes: [
      attribute('value', 'The id of the user.', { caseExact: true, mutability: 'immutable' }),
      attribute('$ref', 'The address of the user.', {
        type: 'reference',
        mutability: 'immutable',
        referenceTypes: ['User'],
      }),
      attribute('type', 'Always "User".', { mutability: 'immutable', canonicalValues: ['User'] }),
    ],
  }),
];

interface Schema {
  id: string;
  name: string;
  description: string;
  attributes: Attribute[];
}

/** What is at `/Schemas`. */
export const SCHEMAS: Schema[] = [
  { id: USER_SCHEMA, name: 'User', description: 'A person', attributes: USER_ATTRIBUTES },
  { id: GROUP_SCHEMA, name: 'Group', description: 'A group of people', attributes: GROUP_ATTRIBUTES },
  {
    id: ENTERPRISE_SCHEMA,
    name: 'EnterpriseUser',
    description: 'A person at work',
    attributes: ENTERPRISE_ATTRIBUTES,
  },
  {
    id: VESTIBULE_SCHEMA,
    name: 'VestibuleUser',
    description: 'What Vestibule takes from a directory about a person',
    attributes: [
      attribute('mfaConfigured', 'Whether the directory knows of a second factor of the person.', { type: 'boolean' }),
    ],
  },
];

/** A type of resource. Extensions are complex attributes whose name is their schema. */
export interface ResourceType {
  name: 'User' | 'Group';
  endpoint: '/Users' | '/Groups';
  description: string;
  schema: string;
  attributes: Attribute[];
  extensions: Attribute[];
}

const extension = ({ id, description, attributes }: Schema) =>
  attribute(id, description, { subAttributes: attributes });

export const USER: ResourceType = {
  name: 'User',
  endpoint: '/Users',
  description: 'People of the directory',
  schema: USER_SCHEMA,
  attributes: [...COMMON, ...USER_ATTRIBUTES],
  extensions: SCHEMAS.slice(2).map(extension),
};

export const GROUP: ResourceType = {
  name: 'Group',
  endpoint: '/Groups',
  description: 'Groups of the directory',
  schema: GROUP_SCHEMA,
  attributes: [...COMMON, ...GROUP_ATTRIBUTES],
  extensions: [],
};

/** An attribute by its name, in any case. */
export function findByName(attributes: readonly Attribute[] | undefined, name: string): Attribute | undefined {
  const wanted = name.toLowerCase();
  return attributes?.find((one) => one.name.toLowerCase() === wanted);
}
