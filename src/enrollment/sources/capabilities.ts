import type { SourceCapability } from '../../entities/source-enums.js';
import { findKind } from './kinds.js';
import type { Source } from './source.js';

/** What a source can be asked, by its kind and settings: nothing, where these do not suit the kind. Asks it nothing. */
export async function capabilitiesOf({
  kind,
  settings,
}: Pick<Source, 'kind' | 'settings'>): Promise<readonly SourceCapability[]> {
  const definition = await findKind(kind);
  const read = definition?.settings.safeParse(settings);
  return read?.success ? definition!.capabilities(read.data) : [];
}
