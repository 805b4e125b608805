import { LockMode } from '@mikro-orm/postgresql';
import { v7 } from 'uuid';
import { writerOf } from '../actor.js';
import type { OperationContext } from '../context.js';
import { takeIdempotencyKey } from '../database/idempotency.js';
import { secretPlace } from '../database/sealing.js';
import { brokenConstraint, stateOf, transact } from '../database/transact.js';
import { Connection } from '../entities/connection.js';
import { ClientAuthentication, type ConnectionPreset, ConnectionStatus } from '../entities/enums.js';
import type { FactOf } from '../events/catalogue.js';
import { recordEvents } from '../events/record.js';
import { checkVersion, type Fault, fault, Faults, refuseFaults, UserErrorCode } from '../faults.js';
import { checkConnection } from './check-connection.js';
import { type EditableSettings, presetSettings } from './connection-presets.js';

export type SettingsInput = { [Name in keyof EditableSettings]?: EditableSettings[Name] | null } & {
  clientSecret?: string | null;
};

export interface CreateConnection {
  idempotencyKey?: string | null;
  slug: string;
  preset: ConnectionPreset;
  settings: SettingsInput;
}

type Configuring = OperationContext & { allowsInsecureLoopback: boolean };

/** Configures a new connection and gives its id. Throws Faults: REQUIRED, INVALID, TOO_LONG, TAKEN, IDEMPOTENCY_KEY_REUSED. */
export async function createConnection(context: Configuring, input: CreateConnection): Promise<string> {
  const { settings, clientSecret, faults } = readSettings(input.settings);
  const { issuer, clientId, name } = settings;
  const complete = { ...presetSettings(input.preset), ...settings, name: name ?? input.slug };
  refuseFaults([
    !/^[a-z0-9][a-z0-9-]{0,62}$/.test(input.slug) &&
      fault(
        UserErrorCode.INVALID,
        'slug is 1 to 63 lower-case letters, digits and hyphens, with no hyphen first.',
        'slug',
      ),
    !issuer && fault(UserErrorCode.REQUIRED, 'issuer is needed.', 'settings', 'issuer'),
    !clientId && fault(UserErrorCode.REQUIRED, 'clientId is needed.', 'settings', 'clientId'),
    ...faults,
    ...checkConnection(complete, context.allowsInsecureLoopback),
    ...checkSecret(complete.clientAuthentication, clientSecret),
  ]);
  const writer = writerOf(context, 'connectionCreate');
  const { tenantId, at } = writer;
  const { idempotencyKey: key, ...rest } = input;
  const id = v7();
  return transact(context.database, tenantId, async (manager) => {
    const request = { tenantId, at, operation: 'connectionCreate', key, input: rest, objectId: id };
    const made = await takeIdempotencyKey(manager, { ...request, caller: writer.actor });
    if (made) return made;
    const connection = manager.create(Connection, {
      ...complete,
      issuer: issuer!,
      clientId: clientId!,
      id,
      tenantId,
      slug: input.slug,
      preset: input.preset,
      sealedClientSecret: clientSecret ? context.sealing.seal(clientSecret, secretPlace(id)) : null,
    });
    await manager.flush().catch(refuseTakenSlug);
    const after = {
      ...complete,
      issuer: issuer!,
      clientId: clientId!,
      slug: connection.slug,
      preset: connection.preset,
      hasClientSecret: Boolean(clientSecret),
    };
    await recordEvents(manager, writer, [{ type: 'connection.created', objectId: id, after }]);
    return id;
  });
}

/** Changes the settings of a connection: what is absent stays. Throws Faults as `createConnection`, NOT_FOUND, STALE_VERSION. */
export async function updateConnection(
  context: Configuring,
  input: { id: string; expectedVersion?: number | null; settings: SettingsInput },
): Promise<void> {
  const { settings, clientSecret, faults } = readSettings(input.settings);
  const writer = writerOf(context, 'connectionUpdate');
  await transact(context.database, writer.tenantId, async (manager) => {
    const connection = await lockConnection(manager, input.id);
    const wanted = { ...(connection as unknown as EditableSettings), ...settings };
    const secret = clientSecret === undefined ? connection.sealedClientSecret : clientSecret;
    refuseFaults([
      checkVersion(input.expectedVersion, connection.version),
      ...faults,
      ...checkConnection(
        { ...settings, usesPkce: wanted.usesPkce, clientAuthentication: wanted.clientAuthentication },
        context.allowsInsecureLoopback,
      ),
      ...(clientSecret === undefined && connection.clientAuthentication === wanted.clientAuthentication
        ? []
        : checkSecret(wanted.clientAuthentication, secret, clientSecret === undefined)),
    ]);
    const changed = (Object.keys(settings) as (keyof EditableSettings)[]).filter(
      (name) => JSON.stringify(connection[name]) !== JSON.stringify(settings[name]),
    );
    const pick = (from: Partial<EditableSettings>): FactOf<'connection.updated'>['after'] =>
      Object.fromEntries(changed.map((name) => [name, from[name]]));
    const before = pick(connection);
    const after = pick(settings);
    Object.assign(connection, after);
    if (clientSecret !== undefined) {
      before.hasClientSecret = connection.sealedClientSecret !== null;
      connection.sealedClientSecret =
        clientSecret === null ? null : context.sealing.seal(clientSecret, secretPlace(connection.id));
      after.hasClientSecret = clientSecret !== null;
    }
    if (!Object.keys(after).length) return;
    await manager.flush();
    await recordEvents(manager, writer, [{ type: 'connection.updated', objectId: connection.id, before, after }]);
  });
}

/** Lets people sign in through the connection, or not. Sessions that are open go on. Throws Faults: NOT_FOUND. */
export async function setConnectionStatus(
  context: OperationContext,
  via: 'connectionEnable' | 'connectionDisable',
  input: { id: string },
): Promise<void> {
  const status = via === 'connectionEnable' ? ConnectionStatus.ENABLED : ConnectionStatus.DISABLED;
  const writer = writerOf(context, via);
  await transact(context.database, writer.tenantId, async (manager) => {
    const connection = await lockConnection(manager, input.id);
    if (connection.status === status) return;
    const before = { status: connection.status };
    connection.status = status;
    await manager.flush();
    await recordEvents(manager, writer, [
      { type: 'connection.updated', objectId: connection.id, before, after: { status } },
    ]);
  });
}

async function lockConnection(manager: Parameters<Parameters<typeof transact>[2]>[0], id: string): Promise<Connection> {
  const connection = await manager.findOne(Connection, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  refuseFaults([!connection && fault(UserErrorCode.NOT_FOUND, 'There is no such connection.', 'id')]);
  return connection!;
}

const CLEARABLE = new Set(['userinfoAlgorithm', 'clientSecret']);

/** The settings that were given; null is for those that can be cleared. */
function readSettings(input: SettingsInput): {
  settings: Partial<EditableSettings>;
  clientSecret: string | null | undefined;
  faults: Fault[];
} {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const faults = given
    .filter(([name, value]) => value === null && !CLEARABLE.has(name))
    .map(([name]) => fault(UserErrorCode.REQUIRED, `${name} cannot be cleared.`, 'settings', name));
  const { clientSecret, ...settings } = Object.fromEntries(given) as Partial<EditableSettings> & {
    clientSecret?: string | null;
  };
  const kept = Object.fromEntries(
    Object.entries(settings).filter(([name, value]) => value !== null || CLEARABLE.has(name)),
  );
  return { settings: kept, clientSecret, faults };
}

function checkSecret(
  authentication: ClientAuthentication,
  secret: string | null | undefined,
  isSealed = false,
): Fault[] {
  const place = ['settings', 'clientSecret'];
  if (authentication === ClientAuthentication.NONE) return [];
  if (!secret) return [fault(UserErrorCode.REQUIRED, `${authentication} needs a clientSecret.`, ...place)];
  if (isSealed) return [];
  if (secret.length > 8192)
    return [fault(UserErrorCode.TOO_LONG, 'clientSecret is at most 8192 characters.', ...place)];
  if (authentication !== ClientAuthentication.PRIVATE_KEY_JWT || isPrivateKey(secret)) return [];
  return [fault(UserErrorCode.INVALID, 'PRIVATE_KEY_JWT needs a private key as a JWK with kty, alg and d.', ...place)];
}

function isPrivateKey(text: string): boolean {
  try {
    const key = JSON.parse(text) as Record<string, unknown>;
    return [key.kty, key.alg, key.d].every((part) => typeof part === 'string');
  } catch {
    return false;
  }
}

function refuseTakenSlug(error: unknown): never {
  if (stateOf(error) === '23505' && brokenConstraint(error)?.includes('slug')) {
    throw new Faults([fault(UserErrorCode.TAKEN, 'Another connection has this slug.', 'slug')]);
  }
  throw error as Error;
}
