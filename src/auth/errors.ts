import { GraphQLError } from 'graphql';

const HTTP_STATUS: Record<string, number> = { SERVICE_UNAVAILABLE: 503 };

/** A refusal as GraphQL says it: a message that says what to do, and a code for programs. */
export function graphqlError(code: string, message: string, extensions: Record<string, unknown> = {}): GraphQLError {
  const status = HTTP_STATUS[code];
  return new GraphQLError(message, { extensions: { code, ...extensions, ...(status ? { http: { status } } : {}) } });
}

export const unauthenticated = () => graphqlError('UNAUTHENTICATED', 'Sign in first.');

export const notFound = () => graphqlError('NOT_FOUND', 'There is no such object, or it is not for you to see.');

/** `what` is the field or input field that asks for more, `requirement` what it asks for. */
export const forbidden = (what: string, requirement: string) =>
  graphqlError('FORBIDDEN', `${what} is for ${requirement} and above.`, { field: what, requires: requirement });

export const organizationMfaRequired = () =>
  graphqlError(
    'ORGANIZATION_MFA_REQUIRED',
    'This organization asks for a second factor: add one, or show one by factorProve, and ask again.',
  );

export const badInput = (message: string, argument?: string) =>
  graphqlError('BAD_USER_INPUT', message, argument ? { argument } : {});
