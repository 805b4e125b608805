import type { Attribute } from './attributes.js';
import type { AttributePath } from './filter.js';
import { findByName, type ResourceType } from './schemas.js';

/** What a path means in a type of resource. */
export interface ResolvedPath {
  /** The extension that it is in; null for the schema of the type itself. */
  extension: Attribute | null;
  /** The attribute; null for the extension as a whole. */
  attribute: Attribute | null;
  sub: Attribute | null;
}

/** The attribute that a path names; null when there is none of that name. Names ignore case. */
export function resolvePath(type: ResourceType, { schema, attribute, sub }: AttributePath): ResolvedPath | null {
  if (schema) {
    const whole = sub === null ? findByName(type.extensions, `${schema}:${attribute}`) : undefined;
    if (whole) return { extension: whole, attribute: null, sub: null };
  }
  const isOfType = !schema || schema.toLowerCase() === type.schema.toLowerCase();
  const extension = isOfType ? null : findByName(type.extensions, schema);
  if (extension === undefined) return null;
  const found = findByName(extension ? extension.subAttributes : type.attributes, attribute);
  if (!found) return null;
  const below = sub === null ? null : findByName(found.subAttributes, sub);
  return below === undefined ? null : { extension, attribute: found, sub: below };
}

/** The sub-attribute that stands for a complex attribute in a comparison: its value. */
export function valueOf(attribute: Attribute): Attribute | undefined {
  return findByName(attribute.subAttributes, 'value');
}
