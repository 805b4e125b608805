import { type DirectiveNode, type GraphQLField, type GraphQLInputField, type GraphQLNamedType, Kind } from 'graphql';
import { Requirement } from './requirement.js';

type Annotated = Pick<GraphQLNamedType | GraphQLField<unknown, unknown> | GraphQLInputField, 'astNode'>;

/** What the `@auth` directive on a type, field or input field asks; null when there is none. */
export function readRequirement({ astNode }: Annotated): Requirement | null {
  const directive = (astNode?.directives as readonly DirectiveNode[] | undefined)?.find(
    ({ name }) => name.value === 'auth',
  );
  const value = directive?.arguments?.find(({ name }) => name.value === 'requires')?.value;
  if (value?.kind !== Kind.ENUM) return null;
  return Requirement[value.value as Requirement] ?? null;
}
