import type { OperationContext } from '../../context.js';
import { publicUrlOf } from '../../database/tenants.js';
import type { PetitionContext } from './petition-context.js';

/** What jobs work with. `config` says whether mail is sent, and how browsers reach the gateway. */
export type SystemServices = Pick<OperationContext, 'database' | 'sealing' | 'clock' | 'log'> & {
  config: { smtpUrl: string | undefined; publicUrl: string | undefined; port: number };
};

const TENANT = 'select slug, host from tenants where id = $1';

/** The context of a command on petitions that nobody gives but the clock, or a source that has answered. */
export async function createSystemContext(services: SystemServices, tenantId: string): Promise<PetitionContext> {
  const { database, sealing, clock, log, config } = services;
  const [tenant] = await database.read<{ slug: string; host: string | null }>(null, TENANT, [tenantId]);
  if (!tenant) throw new Error('There is no such tenant.');
  const publicUrl = publicUrlOf(tenant.host, config.publicUrl ?? `http://localhost:${config.port}`);
  return {
    database,
    sealing,
    clock,
    log,
    tenant: { id: tenantId, slug: tenant.slug, publicUrl },
    viewer: null,
    petitionTokenHash: null,
    sendsMail: config.smtpUrl !== undefined,
  };
}
