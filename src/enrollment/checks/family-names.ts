import type { PersonName } from '../../entities/person-record.js';

/** Letters that are one sign for two, or have no accent that could be taken off them. */
const LETTERS: Readonly<Record<string, string>> = { œ: 'oe', æ: 'ae', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i' };

/**
 * A family name as it is compared: without case, accents and ligatures, and without what stands between its parts, as
 * hyphens, spaces and apostrophes are written one way here and another way there. Null: nothing is left to compare.
 */
export function foldFamilyName(name: string | null | undefined): string | null {
  // By upper case, letters that are one become two (ß). Not all of Unicode's marks are accents.
  const cased = (name ?? '').normalize('NFKD').toUpperCase().toLowerCase();
  const plain = cased.normalize('NFKD').replace(/[\u0300-\u036f]/g, '');
  const folded = plain.replace(/[œæøłđðþı]/g, (letter) => LETTERS[letter]!).replace(/[^\p{L}\p{M}\p{N}]/gu, '');
  return folded || null;
}

/**
 * Whether one of the family names of a record is one of the person's. A record without any name is not judged by it; a
 * person of whom no family name is known has none that could be the same, as the flow asks for the names to be compared.
 */
export function hasFamilyName(names: readonly PersonName[], familyNames: readonly (string | null)[]): boolean {
  if (!names.some(({ givenName, familyName }) => givenName?.trim() || familyName?.trim())) return true;
  const known = new Set(familyNames.map(foldFamilyName));
  return names.some(({ familyName }) => {
    const folded = foldFamilyName(familyName);
    return folded !== null && known.has(folded);
  });
}
