import { foldText } from './fold-text.js';

const LONGEST_BASE = 50;

/** A name in the form that addresses take: lower-case letters and digits of ASCII, with hyphens between. */
export function slugOf(name: string): string {
  const words = foldText(name)
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_BASE)
    .replace(/^-+|-+$/g, '');
  return words || 'organization';
}

/** A slug that no other organization has: the end of a UUID v7 is random. */
export function uniqueSlug(name: string, id: string): string {
  return `${slugOf(name)}-${id.slice(-10)}`;
}
