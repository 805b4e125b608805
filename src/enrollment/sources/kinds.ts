import type { SourceKind } from '../../entities/source-enums.js';
import type { SourceKindDefinition } from './adapter.js';

/**
 * Every kind of source, loaded when it is first used: what talks to directories and databases is heavy, and most
 * processes need none of it. A new kind is one file under adapters/, and one line here.
 */
const KINDS: Partial<Record<SourceKind, () => Promise<{ default: SourceKindDefinition }>>> = {
  LDAP: () => import('./adapters/ldap.js'),
  SQL: () => import('./adapters/sql.js'),
  CSV: () => import('./adapters/csv.js'),
  SCIM: () => import('./adapters/scim.js'),
  HTTP: () => import('./adapters/http.js'),
  OIDC: () => import('./adapters/oidc.js'),
  ORCID: () => import('./adapters/orcid.js'),
  MATCH: () => import('./adapters/match.js'),
};

/** The kind of this name; null when there is none. */
export async function findKind(kind: SourceKind): Promise<SourceKindDefinition | null> {
  return (await KINDS[kind]?.())?.default ?? null;
}

/** All kinds, in the order in which they are shown. */
export async function allKinds(): Promise<SourceKindDefinition[]> {
  return Promise.all(Object.values(KINDS).map(async (load) => (await load()).default));
}
