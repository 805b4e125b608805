import { z } from 'zod';
import { ID_PREFIXES, type NodeType } from '../../database/loaders/ids.js';
import { IdentifierScheme } from '../../entities/enums.js';

/** The values of a stored enum. */
export const oneOf = <Enum extends Record<string, string>>(values: Enum) =>
  z.enum(Object.values(values) as `${Enum[keyof Enum]}`[]);

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** A global id of this type: events show no other ids. */
export const globalId = (type: NodeType) => z.string().regex(new RegExp(`^${ID_PREFIXES[type]}_${UUID}$`));

/** An instant as RFC 3339 writes it, in UTC. */
export const instant = () => z.iso.datetime();

/** How an organization is known outside. */
export const identifiers = () => z.array(z.strictObject({ scheme: oneOf(IdentifierScheme), value: z.string() }));

/** The slug of the connection that a person came through. */
export const connectionSlug = () => z.string();

/** Ids of examples. The last digits tell them apart. */
export const exampleId = (type: NodeType) =>
  `${ID_PREFIXES[type]}_${exampleUuid(Object.keys(ID_PREFIXES).indexOf(type))}`;

export const exampleUuid = (number: number) => `0199a1b2-c3d4-7e5f-8a6b-${String(number + 1).padStart(12, '0')}`;
