import { registerEnumType } from 'type-graphql';

/** Makes an enum known to the schema: every value is described. */
export function registerEnum<Values extends Record<string, string>>(
  values: Values,
  name: string,
  description: string,
  descriptions: Record<keyof Values, string>,
): void {
  registerEnumType(values, {
    name,
    description,
    valuesConfig: Object.fromEntries(
      Object.entries(descriptions).map(([value, text]) => [value, { description: text }]),
    ) as never,
  });
}
