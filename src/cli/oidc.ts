import { rotateKeys } from '../auth/oidc/keys.js';
import { type Command, readAction, readOptions, say } from './command.js';
import { operatorContext, withServices } from './services.js';

export const oidcCommand: Command = {
  usage: `Usage: npm run cli -- oidc rotate-keys [--tenant <slug>]

rotate-keys  Publishes new signing keys for the tenant ("default" unless said otherwise). They sign once everybody can
             know them, a quarter of an hour later; those of before stay published while anything that they signed is
             valid. The gateway does so by itself every 90 days.`,

  async run(args) {
    const [, rest] = readAction(args, ['rotate-keys']);
    const options = readOptions(rest, { tenant: { type: 'string', default: 'default' } });
    await withServices(async (services) => {
      const { tenant, ...context } = await operatorContext(services, options.tenant);
      const signsFrom = await rotateKeys(context, tenant.id);
      say(
        signsFrom
          ? `New keys are published for the tenant ${tenant.slug}; they sign from ${signsFrom.toISOString()} on.`
          : `Keys of the tenant ${tenant.slug} are published already that do not sign yet.`,
      );
    });
  },
};
