/**
 * Gathers the conditions of a statement: each is given the parameter that holds its value, which goes behind the values
 * that are there.
 */
export function addTo(
  conditions: string[],
  values: unknown[],
): (condition: (parameter: string) => string, value: unknown) => void {
  return (condition, value) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
}
