import { z } from 'zod';
import type { SourceCapability, SourceKind } from '../../../entities/source-enums.js';
import { allKinds } from '../kinds.js';

/** What sources of a kind are set to and can do: for forms, and for programs. */
export interface DescribedKind {
  kind: SourceKind;
  description: string;
  /** JSON Schema 2020-12. */
  settingsSchema: Record<string, unknown>;
  secrets: { name: string; description: string }[];
  capabilities: readonly SourceCapability[];
}

let described: Promise<DescribedKind[]> | undefined;

/** All kinds, described once a process: they are code. */
export function describeKinds(): Promise<DescribedKind[]> {
  return (described ??= readKinds());
}

async function readKinds(): Promise<DescribedKind[]> {
  const kinds = await allKinds();
  return kinds.map(({ kind, description, settings, secrets, allCapabilities }) => ({
    kind,
    description,
    settingsSchema: toSchema(settings),
    secrets: Object.entries(secrets).map(([name, text]) => ({ name, description: text })),
    capabilities: allCapabilities,
  }));
}

/** What cannot be said as JSON Schema, such as a check in code, is left open: saving says it. */
function toSchema(settings: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(settings, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // What may be null is described where it is not: forms look for it outside.
      jsonSchema.description ??= jsonSchema.anyOf?.find(({ description }) => description)?.description;
      if (jsonSchema.description === undefined) delete jsonSchema.description;
    },
  });
}
