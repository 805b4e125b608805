import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { testConnection } from '../auth/test-connection.js';
import { ConnectionPreset } from '../entities/enums.js';
import type { Services } from '../services.js';
import { createConnection, setConnectionStatus } from '../sso/configure-connection.js';
import { type Command, CommandError, readAction, readOptions, required, say, sayTable, UsageError } from './command.js';
import { readSettings } from './connection-settings.js';
import { operatorContext, withServices } from './services.js';

const ACTIONS = ['create', 'list', 'disable', 'enable', 'test'] as const;

export const connectionCommand: Command = {
  usage: `Usage: npm run cli -- connection create --slug <slug> --preset <preset> --issuer <address> --client-id <id>
                                        [--client-secret-file <file>] [--set <name>=<value> …]
       npm run cli -- connection list
       npm run cli -- connection enable|disable|test --slug <slug>

create                  Configures a provider; people sign in at /auth/<slug>/login.
  --slug                The name in addresses. It never changes.
  --preset              ${Object.values(ConnectionPreset).join(', ')}: the settings to begin with.
  --issuer              The address of the provider, as its discovery document says.
  --client-id           The name of this client there.
  --client-secret-file  The file that holds the secret of this client, or its private key as a JWK; "-" reads it from
                        standard input. A secret is never an argument: other users of the machine could read it.
  --set                 Any other setting (docs/sso-linking.md), as often as needed: --set emailTrust=PROVIDER
test                    Reads the provider's discovery document now, and compares it with the settings.

All take --tenant <slug>, "default" unless said otherwise.`,

  async run(args) {
    const [action, rest] = readAction(args, ACTIONS);
    if (action === 'create') return create(rest);
    if (action === 'list') return list(rest);
    if (action === 'test') return test(rest);
    return setStatus(action, rest);
  },
};

const TENANT = { tenant: { type: 'string', default: 'default' } } as const;

async function create(args: string[]): Promise<void> {
  const options = readOptions(args, {
    ...TENANT,
    slug: { type: 'string' },
    preset: { type: 'string' },
    issuer: { type: 'string' },
    'client-id': { type: 'string' },
    'client-secret-file': { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
  });
  const slug = required(options.slug, 'slug');
  const preset = required(options.preset, 'preset').toUpperCase() as ConnectionPreset;
  if (!Object.values(ConnectionPreset).includes(preset)) {
    throw new UsageError(`--preset is one of ${Object.values(ConnectionPreset).join(', ')}.`);
  }
  const settings = {
    ...readSettings(options.set, preset),
    issuer: required(options.issuer, 'issuer'),
    clientId: required(options['client-id'], 'client-id'),
    clientSecret: await readSecret(options['client-secret-file']),
  };
  await withServices(async (services) => {
    const context = await operatorContext(services, options.tenant);
    await createConnection(context, { slug, preset, settings });
    const { publicUrl } = context.tenant;
    say(`The connection ${slug} is made. Register these addresses at the provider:`);
    say(`  redirect URI              ${publicUrl}/auth/${slug}/callback`);
    say(`  post-logout redirect URI  ${publicUrl}/auth/logout/callback`);
    say(`  back-channel logout URI   ${publicUrl}/auth/${slug}/backchannel-logout`);
  });
}

async function readSecret(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const content =
    file === '-'
      ? await text(process.stdin)
      : await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw new CommandError(`The file ${file} cannot be read (${error.code}).`);
        });
  const secret = content.trim();
  if (!secret) throw new CommandError('The client secret is empty.');
  return secret;
}

interface ConnectionRow {
  id: string;
  slug: string;
  name: string;
  preset: string;
  status: string;
  issuer: string;
}

function readConnections({ database }: Services, tenantId: string): Promise<ConnectionRow[]> {
  return database.read<ConnectionRow>(
    tenantId,
    'select id, slug, name, preset, status, issuer from connections where tenant_id = $1 order by slug',
    [tenantId],
  );
}

async function list(args: string[]): Promise<void> {
  const { tenant } = readOptions(args, TENANT);
  await withServices(async (services) => {
    const context = await operatorContext(services, tenant);
    const rows = await readConnections(services, context.tenant.id);
    sayTable(
      ['SLUG', 'PRESET', 'STATUS', 'ISSUER'],
      rows.map(({ slug, preset, status, issuer }) => [slug, preset, status, issuer]),
    );
  });
}

async function setStatus(action: 'enable' | 'disable', args: string[]): Promise<void> {
  await withConnection(args, async (context, { id, slug }) => {
    await setConnectionStatus(context, action === 'enable' ? 'connectionEnable' : 'connectionDisable', { id });
    say(`The connection ${slug} is ${action}d.`);
  });
}

async function test(args: string[]): Promise<void> {
  await withConnection(args, async (context, { id, slug }) => {
    const { issuer, warnings } = await testConnection(context, id);
    say(`The provider ${issuer} of the connection ${slug} can be used.`);
    for (const warning of warnings) say(`  but: ${warning}`);
  });
}

async function withConnection(
  args: string[],
  work: (context: Awaited<ReturnType<typeof operatorContext>>, connection: ConnectionRow) => Promise<void>,
): Promise<void> {
  const options = readOptions(args, { ...TENANT, slug: { type: 'string' } });
  const slug = required(options.slug, 'slug');
  await withServices(async (services) => {
    const context = await operatorContext(services, options.tenant);
    const connection = (await readConnections(services, context.tenant.id)).find((row) => row.slug === slug);
    if (!connection) throw new CommandError(`There is no connection ${slug} in the tenant ${options.tenant}.`);
    await work(context, connection);
  });
}
