import { badInput } from '../auth/errors.js';
import { type NodeType, toGlobalId } from '../database/loaders/ids.js';
import { AttributeTarget, AttributeVisibility, Enablement } from '../entities/enums.js';
import type { AttributeDefinition, FlowSettings } from '../entities/flow-settings.js';
import { changeSettings, DEFAULT_SETTINGS, type SettingsChanges } from '../enrollment/flows/default-settings.js';
import type { EnrollmentAttributeInput } from '../schema/enrollment-attribute.js';
import type { EnrollmentFlowSettingsInput } from '../schema/enrollment-flow-settings-input.js';
import type { EnrollmentFlowSettingsType } from '../schema/enrollment-flow-settings.js';
import { requireUuid, requireUuids } from './answers.js';

/** Settings as they are shown: with global ids. What was stored before a setting was there is as in a new flow. */
export function showSettings(stored: FlowSettings): EnrollmentFlowSettingsType {
  const settings = changeSettings(DEFAULT_SETTINGS, stored);
  return {
    ...settings,
    authorizationOrganizationId: show('Organization', settings.authorizationOrganizationId),
    authorizationRoleId: show('Role', settings.authorizationRoleId),
    organizationIds: settings.organizationIds.map((id) => toGlobalId('Organization', id)),
    roleIds: settings.roleIds.map((id) => toGlobalId('Role', id)),
    matchSourceId: show('Source', settings.matchSourceId),
    approverRoleId: show('Role', settings.approverRoleId),
    notificationRoleId: show('Role', settings.notificationRoleId),
    sources: settings.sources.map((source) => ({ ...source, sourceId: toGlobalId('Source', source.sourceId) })),
  };
}

/** Changes of settings as they are stored: with uuids, and lists complete. BAD_USER_INPUT when an id is none. */
export function readSettings(
  given: EnrollmentFlowSettingsInput | null | undefined,
  at = 'input.settings',
): SettingsChanges | null {
  if (!given) return null;
  const id = (type: NodeType, name: keyof EnrollmentFlowSettingsInput) => {
    const value = given[name] as string | null | undefined;
    return value ? requireUuid(type, value, `${at}.${name}`) : value;
  };
  const ids = (type: NodeType, name: 'organizationIds' | 'roleIds') => {
    const value = given[name];
    return value ? requireUuids(type, value, `${at}.${name}`) : value;
  };
  return {
    ...given,
    authorizationOrganizationId: id('Organization', 'authorizationOrganizationId'),
    authorizationRoleId: id('Role', 'authorizationRoleId'),
    organizationIds: ids('Organization', 'organizationIds'),
    roleIds: ids('Role', 'roleIds'),
    matchSourceId: id('Source', 'matchSourceId'),
    approverRoleId: id('Role', 'approverRoleId'),
    notificationRoleId: id('Role', 'notificationRoleId'),
    sources: given.sources?.map(({ sourceId, mode, verifiesFamilyName }, index) => ({
      sourceId: requireUuid('Source', sourceId, `${at}.sources.${index}.sourceId`),
      mode,
      verifiesFamilyName: verifiesFamilyName ?? false,
    })),
    mailTemplates: given.mailTemplates?.map(({ kind, locale, subject, text, html }) => ({
      ...{ kind, locale, subject, text },
      html: html ?? null,
    })),
    authenticators: given.authenticators?.map(({ kind, enablement }) => ({ kind, enablement })),
    assignedIdentifiers: given.assignedIdentifiers?.map(({ type, format }) => ({ type, format })),
    attributes: given.attributes?.map((attribute, index) => readAttribute(attribute, `${at}.attributes.${index}`)),
  };
}

function readAttribute(given: EnrollmentAttributeInput, at: string): AttributeDefinition {
  return {
    key: given.key,
    type: given.type,
    label: given.label,
    description: given.description ?? null,
    enablement: given.enablement ?? Enablement.REQUIRED,
    target: given.target ?? AttributeTarget.NONE,
    targetName: given.targetName ?? null,
    visibility: given.visibility ?? AttributeVisibility.PARTIES,
    defaultValue: given.defaultValue ?? null,
    defaultSource: given.defaultSource ?? null,
    isEditable: given.isEditable ?? true,
    isHidden: given.isHidden ?? false,
    pattern: given.pattern ?? null,
    minimum: readBound(given.minimum, `${at}.minimum`),
    maximum: readBound(given.maximum, `${at}.maximum`),
    choices: given.choices?.map(({ value, label }) => ({ value, label })) ?? [],
    isMultiple: given.isMultiple ?? false,
    mediaTypes: [...(given.mediaTypes ?? [])],
  };
}

function readBound(given: unknown, argument: string): number | string | null {
  if (given === undefined || given === null) return null;
  if (typeof given === 'number' || typeof given === 'string') return given;
  throw badInput(`${argument} is a number, or a day as text.`, argument);
}

function show(type: NodeType, uuid: string | null): string | null {
  return uuid && toGlobalId(type, uuid);
}
