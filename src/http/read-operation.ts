/** An operation as a request's body asks for it. */
export interface AskedOperation {
  query: string;
  variables?: Record<string, unknown> | null;
  operationName?: string | null;
}

/** The operation of a body that was parsed as JSON, with the members beside the usual ones; null when it holds none. */
export function readOperation(body: unknown): { asked: AskedOperation; rest: Record<string, unknown> } | null {
  if (!isObject(body)) return null;
  const { query, variables, operationName, ...rest } = body;
  const isReadable =
    typeof query === 'string' &&
    (variables === undefined || variables === null || isObject(variables)) &&
    (operationName === undefined || operationName === null || typeof operationName === 'string');
  return isReadable ? { asked: body as unknown as AskedOperation, rest } : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
