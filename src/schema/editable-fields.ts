import { getMetadataStorage } from 'type-graphql';

const NOT_EDITED = new Set(['id', 'expectedVersion', 'idempotencyKey']);

/** The fields of an input type that whoever meets this requirement may use, by the `@auth` of each. */
export function editableFields(
  input: string,
  requirement: 'ORGANIZATION_ADMINISTRATOR' | 'TENANT_ADMINISTRATOR',
): string[] {
  const type = getMetadataStorage().inputTypes.find(({ name }) => name === input);
  return (type?.fields ?? [])
    .filter(
      ({ directives }) =>
        requirement === 'TENANT_ADMINISTRATOR' ||
        !directives?.some(({ nameOrDefinition }) => nameOrDefinition.includes('TENANT_ADMINISTRATOR')),
    )
    .map(({ name }) => name)
    .filter((name) => !NOT_EDITED.has(name));
}
