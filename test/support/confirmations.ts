import { confirmationTokenPlace } from '../../src/enrollment/mails/queue-mails.js';
import { ConfirmationMode } from '../../src/entities/enums.js';
import type { FlowSettings } from '../../src/entities/flow-settings.js';
import type { Browser } from './browser.js';
import type { Gateway } from './gateway.js';
import { command, makeFlow, PERSON, start } from './petitions.js';

let serial = 0;

/**
 * A petition that waits for the answer to a link, and the token of that, as it is about to be mailed. The gateway must be
 * one that sends mail.
 */
export async function makeConfirmation(
  gateway: Gateway,
  { browser = null, settings = {} }: { browser?: Browser | null; settings?: Partial<FlowSettings> } = {},
): Promise<{ id: string; token: string; petitionToken: string | null }> {
  const { globalId } = await makeFlow(gateway.tenant, {
    settings: { confirmation: ConfirmationMode.REVIEW, attributes: PERSON, requiresApproval: true, ...settings },
  });
  const { petition, token: petitionToken } = await start(gateway, browser, globalId);
  const { id } = petition as { id: string };
  const attributes = { email: `confirming-${++serial}@example.org`, givenName: 'Ada', familyName: 'Martin' };
  await command(gateway, browser, 'petitionSubmitAttributes', { id, attributes }, petitionToken);
  return { id, petitionToken, token: await confirmationOf(gateway, id) };
}

/** The token of the link that is about to be mailed for a petition. */
export async function confirmationOf(gateway: Gateway, petitionId: string): Promise<string> {
  const uuid = petitionId.slice(4);
  const [mail] = await gateway.rows<{ sealed: string }>(
    `select sealed_token as sealed from petition_mails
     where tenant_id = $1 and petition_id = $2 and status = 'WAITING' and sealed_token is not null`,
    [uuid],
  );
  return gateway.services.sealing.open(mail!.sealed, confirmationTokenPlace(uuid));
}
