import { createTenant } from '../tenants/create-tenant.js';
import type { Services } from '../services.js';
import { appointTenantAdministrator } from '../users/appoint-tenant-administrator.js';
import { type Command, CommandError, readAction, readOptions, required, say, sayTable, UsageError } from './command.js';
import { operatorContext, withServices } from './services.js';

const ACTIONS = ['create', 'list', 'administrator'] as const;

export const tenantCommand: Command = {
  usage: `Usage: npm run cli -- tenant create --slug <slug> --name <name> [--host <host>]
       npm run cli -- tenant list
       npm run cli -- tenant administrator --email <address> [--tenant <slug>]

create         Makes a tenant with its built-in roles.
  --slug       Its short name: lower-case letters, digits and hyphens.
  --name       What people call it.
  --host       The host name at which it answers, with the port if it is not the usual one. The tenant without one
               answers at all the others.
administrator  Makes a user an administrator of the tenant ("default" unless said otherwise): the user with this
               address, or a new one whose address counts as verified.`,

  async run(args) {
    const [action, rest] = readAction(args, ACTIONS);
    if (action === 'create') return create(rest);
    if (action === 'list') return list(rest);
    return appoint(rest);
  },
};

interface TenantRow {
  slug: string;
  name: string;
  host: string | null;
}

function readTenants({ database }: Services): Promise<TenantRow[]> {
  return database.read<TenantRow>(null, 'select slug, name, host from tenants order by created_at', []);
}

async function create(args: string[]): Promise<void> {
  const options = readOptions(args, { slug: { type: 'string' }, name: { type: 'string' }, host: { type: 'string' } });
  const slug = required(options.slug, 'slug');
  const name = required(options.name, 'name');
  const host = options.host?.trim().toLowerCase() || null;
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(slug)) {
    throw new UsageError('--slug is 1 to 63 lower-case letters, digits and hyphens, with no hyphen first.');
  }
  if (host && !isHost(host))
    throw new UsageError('--host is a host name such as login.example.org, without a scheme and a path.');
  await withServices(async (services) => {
    const tenants = await readTenants(services);
    if (tenants.some((tenant) => tenant.slug === slug)) throw new CommandError(`There is a tenant ${slug} already.`);
    const rival = tenants.find((tenant) => tenant.host === host);
    if (rival && host) throw new CommandError(`The tenant ${rival.slug} answers at ${host} already.`);
    if (rival)
      throw new CommandError(
        `The tenant ${rival.slug} has no host name and answers at all addresses: give this one its own with --host.`,
      );
    await createTenant(services.database, { slug, name, host });
    say(`The tenant ${slug} is made.`);
  });
}

function isHost(host: string): boolean {
  return URL.canParse(`https://${host}`) && new URL(`https://${host}`).host === host;
}

async function list(args: string[]): Promise<void> {
  readOptions(args, {});
  await withServices(async (services) => {
    const rows = (await readTenants(services)).map(({ slug, name, host }) => [slug, name, host ?? '(all others)']);
    sayTable(['SLUG', 'NAME', 'HOST'], rows);
  });
}

async function appoint(args: string[]): Promise<void> {
  const options = readOptions(args, { email: { type: 'string' }, tenant: { type: 'string', default: 'default' } });
  const email = required(options.email, 'email');
  await withServices(async (services) => {
    const context = await operatorContext(services, options.tenant);
    const { outcome } = await appointTenantAdministrator(context, { email });
    const messages = {
      CREATED: `${email} was unknown: an account is made, and is administrator of the tenant ${options.tenant}. It is entered by a sign-in whose provider is trusted about this address (emailTrust).`,
      APPOINTED: `${email} is now administrator of the tenant ${options.tenant}.`,
      UNCHANGED: `${email} is administrator of the tenant ${options.tenant} already.`,
    };
    say(messages[outcome]);
  });
}
