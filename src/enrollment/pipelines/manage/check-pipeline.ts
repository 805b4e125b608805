import type { EntityManager } from '@mikro-orm/postgresql';
import { runSql } from '../../../database/transact.js';
import { AttributeTarget, RoleKind, UserStatus } from '../../../entities/enums.js';
import type { PipelineSettings } from '../../../entities/pipeline-settings.js';
import { PipelineMatch, PipelineRemoval, SourceKind } from '../../../entities/source-enums.js';
import { checkText, type Fault, fault, UserErrorCode } from '../../../faults.js';
import { chooseOrganization, type OpenedFlow, whyNotOpened } from '../openable-flow.js';

/** The most entries of each list of the settings. */
const MOST_ENTRIES = 100;
const MOST_GRACE_DAYS = 3_650;
const TARGET_NAME = /^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/;

const TARGETS: readonly AttributeTarget[] = [
  AttributeTarget.USER_ATTRIBUTE,
  AttributeTarget.MEMBERSHIP_ATTRIBUTE,
  AttributeTarget.USER_IDENTIFIER,
];

const invalid = (message: string, ...field: string[]) => fault(UserErrorCode.INVALID, message, ...field);
const required = (message: string, ...field: string[]) => fault(UserErrorCode.REQUIRED, message, ...field);

/** Everything that is wrong with settings in themselves: what they name is looked at by `checkPipelineReferences`. Pure. */
export function checkPipelineSettings(settings: PipelineSettings): Fault[] {
  const { match, matchIdentifierType, matchSourceId, organizationId, removal, graceDays, flowId } = settings;
  const isIdentifier = match === PipelineMatch.IDENTIFIER;
  const isExternal = match === PipelineMatch.EXTERNAL;
  const ends = removal !== PipelineRemoval.KEEP;
  const isGraceful = removal === PipelineRemoval.END_AFTER_GRACE;
  const needsPlace = (isSet: boolean, name: string) =>
    isSet && !organizationId && required(`${name} is about a membership: say in which organization.`, 'organizationId');
  const faults: (Fault | null | false)[] = [
    isIdentifier && !matchIdentifierType && required('IDENTIFIER needs the type to compare.', 'matchIdentifierType'),
    !isIdentifier && matchIdentifierType !== null && invalid('This is of IDENTIFIER alone.', 'matchIdentifierType'),
    matchIdentifierType === null ? null : checkText(matchIdentifierType, { longest: 64 }, 'matchIdentifierType'),
    isExternal && !matchSourceId && required('EXTERNAL needs the match server to ask.', 'matchSourceId'),
    !isExternal && matchSourceId !== null && invalid('This is of EXTERNAL alone.', 'matchSourceId'),
    settings.userStatus === UserStatus.SUSPENDED && invalid('A new account is ACTIVE or PENDING.', 'userStatus'),
    needsPlace(settings.roleIds.length > 0, 'roleIds'),
    needsPlace(settings.affiliationRoles.length > 0, 'affiliationRoles'),
    needsPlace(settings.replacesOrganizationId !== null, 'replacesOrganizationId'),
    needsPlace(
      settings.attributes.some(({ target }) => target === AttributeTarget.MEMBERSHIP_ATTRIBUTE),
      'MEMBERSHIP_ATTRIBUTE',
    ),
    needsPlace(ends && removal !== PipelineRemoval.SUSPEND_USER, removal),
    organizationId !== null &&
      organizationId === settings.replacesOrganizationId &&
      invalid('A membership does not replace itself: name another organization.', 'replacesOrganizationId'),
    isGraceful && graceDays === null && required('END_AFTER_GRACE needs the number of days.', 'graceDays'),
    !isGraceful && graceDays !== null && invalid('This is of END_AFTER_GRACE alone.', 'graceDays'),
    graceDays !== null &&
      (!Number.isInteger(graceDays) || graceDays < 1 || graceDays > MOST_GRACE_DAYS) &&
      invalid(`graceDays is 1 to ${MOST_GRACE_DAYS}.`, 'graceDays'),
    flowId !== null &&
      !settings.syncsOnAdd &&
      invalid('Petitions are opened for new records, which syncsOnAdd keeps out.', 'flowId'),
  ];
  faults.push(...checkLists(settings));
  return distinct(faults.filter((found): found is Fault => Boolean(found)));
}

function checkLists(settings: PipelineSettings): (Fault | null)[] {
  const faults: (Fault | null)[] = [];
  for (const name of ['copiedIdentifierTypes', 'attributes', 'roleIds', 'affiliationRoles'] as const) {
    if (settings[name].length <= MOST_ENTRIES) continue;
    faults.push(fault(UserErrorCode.TOO_LONG, `${name} has at most ${MOST_ENTRIES} entries.`, name));
  }
  const text = (value: string, longest: number, ...field: string[]) =>
    faults.push(checkText(value, { isRequired: true, longest }, ...field));
  settings.copiedIdentifierTypes.forEach((type, index) => text(type, 64, 'copiedIdentifierTypes', String(index)));
  settings.affiliationRoles.forEach(({ affiliation }, index) =>
    text(affiliation, 128, 'affiliationRoles', String(index), 'affiliation'),
  );
  const places = new Set<string>();
  settings.attributes.forEach(({ from, target, targetName }, index) => {
    const at = ['attributes', String(index)];
    text(from, 128, ...at, 'from');
    if (!TARGETS.includes(target)) faults.push(invalid(`target is ${TARGETS.join(', ')}.`, ...at, 'target'));
    if (!TARGET_NAME.test(targetName)) {
      const message =
        'targetName is a letter, then at most 63 letters without accents, digits, or any of these: _ . : -';
      faults.push(invalid(message, ...at, 'targetName'));
    }
    const place = `${target} ${targetName}`;
    if (places.has(place) && target !== AttributeTarget.USER_IDENTIFIER)
      faults.push(invalid('Another attribute goes to the same place.', ...at, 'targetName'));
    places.add(place);
  });
  return faults;
}

/** One fault of each field is enough to correct it. */
function distinct(faults: readonly Fault[]): Fault[] {
  return [...new Map(faults.map((found) => [`${found.code} ${found.field?.join('.')}`, found])).values()];
}

/**
 * NOT_FOUND and INVALID for what the settings name and cannot use: organizations, roles (the tenant's template's, or those
 * of the organization; for people), the match server, the flow. What is found is not deleted until the transaction ends.
 */
export async function checkPipelineReferences(
  manager: EntityManager,
  tenantId: string,
  settings: PipelineSettings,
): Promise<Fault[]> {
  const { organizationId, replacesOrganizationId, matchSourceId, flowId } = settings;
  const faults: Fault[] = [];
  const missing = (what: string, ...field: string[]) =>
    faults.push(fault(UserErrorCode.NOT_FOUND, `There is no such ${what}, or it cannot be used here.`, ...field));

  const places = [organizationId, replacesOrganizationId].filter((id) => id !== null);
  const found = places.length
    ? await runSql<{ id: string }>(
        manager,
        'select id from organizations where tenant_id = $1 and id = any($2::uuid[]) order by id for key share',
        [tenantId, places],
      )
    : [];
  const isThere = (id: string | null) => id === null || found.some((organization) => organization.id === id);
  if (!isThere(organizationId)) missing('organization', 'organizationId');
  if (!isThere(replacesOrganizationId)) missing('organization', 'replacesOrganizationId');

  const roleIds = [...settings.roleIds, ...settings.affiliationRoles.map(({ roleId }) => roleId)];
  const roles = roleIds.length
    ? await runSql<{ id: string; kind: RoleKind; organizationId: string | null }>(
        manager,
        `select id, kind, organization_id as "organizationId" from roles
         where tenant_id = $1 and id = any($2::uuid[]) order by id for key share`,
        [tenantId, roleIds],
      )
    : [];
  const isUsable = (id: string) =>
    roles.some(
      (role) => role.id === id && role.kind === RoleKind.USER && [null, organizationId].includes(role.organizationId),
    );
  settings.roleIds.forEach((id, index) => isUsable(id) || missing('role', 'roleIds', String(index)));
  settings.affiliationRoles.forEach(
    ({ roleId }, index) => isUsable(roleId) || missing('role', 'affiliationRoles', String(index), 'roleId'),
  );

  if (matchSourceId) {
    const [source] = await runSql<{ kind: SourceKind }>(
      manager,
      'select kind from sources where tenant_id = $1 and id = $2 for key share',
      [tenantId, matchSourceId],
    );
    if (!source) missing('source', 'matchSourceId');
    else if (source.kind !== SourceKind.MATCH)
      faults.push(invalid('The source is no match server: it is not of kind MATCH.', 'matchSourceId'));
  }
  if (flowId) {
    const [flow] = await runSql<OpenedFlow>(
      manager,
      `select v.settings, f.status, f.organization_id as "organizationId" from enrollment_flows f
       join enrollment_flow_versions v on v.tenant_id = $1 and v.id = f.current_version_id
       where f.tenant_id = $1 and f.id = $2 for key share of f`,
      [tenantId, flowId],
    );
    if (!flow) missing('enrollment flow', 'flowId');
    else {
      const whyNot = whyNotOpened(flow);
      if (whyNot) faults.push(invalid(whyNot, 'flowId'));
      if (chooseOrganization(flow, organizationId) === undefined)
        faults.push(invalid('The flow leads to several organizations, and not to that of the pipeline.', 'flowId'));
    }
  }
  return faults;
}
