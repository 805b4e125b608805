/** The most bytes of JSON that the database keeps of attributes: of a petition, of a user, of a membership. */
export const MOST_BYTES = 65_536;

/** Bytes of a JSON value as the database writes it, with a space after each comma and colon; rather too many than too few. */
export function storedBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value, null, 1).replace(/\n\s*/g, ' '));
}
