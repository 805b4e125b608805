import { describe, expect, it } from '@jest/globals';
import { buildSchema as buildFromText } from 'graphql';
import { protectSchema, UnprotectedSchemaError } from '../../src/auth/protect.js';
import { buildSchema } from '../../src/resolvers/build-schema.js';

const DIRECTIVE = `
  directive @auth(requires: Requirement!) on OBJECT | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | INPUT_OBJECT
  enum Requirement { PUBLIC SIGNED_IN SELF ORGANIZATION_MEMBER ORGANIZATION_ADMINISTRATOR TENANT_ADMINISTRATOR }
`;

function faultsOf(text: string): string {
  try {
    protectSchema(buildFromText(`${DIRECTIVE} ${text}`));
    return 'built';
  } catch (error) {
    if (error instanceof UnprotectedSchemaError) return error.message;
    throw error;
  }
}

describe('a schema is not built', () => {
  it.each([
    [
      'an object field under no directive',
      'type Query { a: Plain @auth(requires: PUBLIC) } type Plain { open: String }',
      'Plain.open is under no @auth',
    ],
    [
      'a root field under no directive, even where its type has one',
      'type Query @auth(requires: PUBLIC) { a: String }',
      'Query.a is under no @auth',
    ],
    [
      'an input field under no directive',
      'type Query { a(input: Open): String @auth(requires: PUBLIC) } input Open { field: String }',
      'Open.field is under no @auth',
    ],
    [
      'a field that asks for more than its type and cannot be null',
      'type Query { a: User @auth(requires: PUBLIC) } type User @auth(requires: ORGANIZATION_MEMBER) { email: String! @auth(requires: SELF) }',
      'User.email asks for more than its type: it must be nullable',
    ],
    [
      'a subscription under no directive',
      'type Query { a: String @auth(requires: PUBLIC) } type Subscription { b: String }',
      'Subscription.b is under no @auth',
    ],
    [
      'a requirement that the policy table does not answer',
      'type Query { a: Thing @auth(requires: PUBLIC) } type Thing @auth(requires: ORGANIZATION_MEMBER) { a: String }',
      'Thing asks for ORGANIZATION_MEMBER, which the policy table does not answer',
    ],
    [
      'a root field that asks about an object and does not say which',
      'type Query { a(name: String): String @auth(requires: ORGANIZATION_MEMBER) }',
      'Query.a asks for ORGANIZATION_MEMBER and has no argument id, organizationId or userId',
    ],
    [
      'an input of a field that asks what the policy table does not answer for the object',
      'type Query { a: Role @auth(requires: PUBLIC) } type Role @auth(requires: PUBLIC) { b(input: Open): String } input Open { field: String @auth(requires: SELF) }',
      'Role.b(input.field:) asks for SELF, which the policy table does not answer for Role',
    ],
  ])('with %s', (_name, text, fault) => {
    expect(faultsOf(text)).toContain(fault);
  });

  it('without naming every fault at once', () => {
    const message = faultsOf('type Query { a: Plain b: String } type Plain { open: String }');
    expect(message.match(/is under no @auth/g)).toHaveLength(3);
  });
});

it('the schema of Vestibule is built', () => {
  expect(buildSchema().getQueryType()!.getFields().organization).toBeDefined();
});
