import { v7 } from 'uuid';
import { SourceCapability, type SourceErrorCode } from '../../../entities/source-enums.js';
import type { SourceClient } from '../clients.js';
import { SourceError } from '../source-error.js';
import { type AskingContext, openClient, requireSource } from './find-client.js';

/** How many of the rows that are no records are shown. */
const MOST_FAULTS = 5;

/** What came of a test. */
export interface SourceTest {
  isReachable: boolean;
  errorCode: SourceErrorCode | null;
  message: string;
  /** What was asked for; null: nothing could be, without a person. */
  tried: SourceCapability | null;
  /** How many records there are, where the source says so. */
  recordCount: number | null;
  /** Of the first records: what is wrong with those that cannot be read. */
  recordFaults: string[];
}

/**
 * Asks a source something that needs nobody: outside of any transaction, and within its time limit. Also for one that is
 * suspended. Nothing is stored but how it went. Throws Faults: NOT_FOUND.
 */
export async function testSource(context: AskingContext, id: string): Promise<SourceTest> {
  const source = await requireSource(context, id);
  const untold = { errorCode: null, recordCount: null, recordFaults: [], tried: null };
  const signal = new AbortController().signal;
  try {
    const client = await openClient(context, source);
    const ways: [SourceCapability, () => Promise<Partial<SourceTest>>][] = [
      [SourceCapability.INVENTORY, () => tryInventory(client, signal)],
      [SourceCapability.SEARCH_BY_EMAIL, () => trySearch(client, signal)],
      [SourceCapability.RETRIEVE, () => tryRetrieve(client, signal)],
      [SourceCapability.AUTHENTICATE, () => tryAuthentication(client, context.tenant.publicUrl, signal)],
    ];
    const way = ways.find(([capability]) => client.capabilities.has(capability));
    if (!way) {
      const message = 'The settings suit the kind. Nothing could be asked without a person, so nothing was.';
      return { ...untold, isReachable: true, message };
    }
    const [tried, ask] = way;
    return { ...untold, isReachable: true, tried, message: 'The source answered.', ...(await ask()) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { ...untold, isReachable: false, errorCode: error.code, message: error.message };
  }
}

/** The first records show whether the settings suit what the source holds. */
async function tryInventory(client: SourceClient, signal: AbortSignal): Promise<Partial<SourceTest>> {
  const counted = await client.count(signal);
  for await (const { records, faults } of client.inventory(null, signal)) {
    const recordFaults = faults.slice(0, MOST_FAULTS).map(({ key, message }) => (key ? `${key}: ${message}` : message));
    const message = `The source answered: ${records.length} of the first ${records.length + faults.length} are records.`;
    return { recordCount: counted, recordFaults, message };
  }
  return { recordCount: counted ?? 0, message: 'The source answered, and has no records.' };
}

/** An address that nobody can have: `.invalid` is no domain. */
async function trySearch(client: SourceClient, signal: AbortSignal): Promise<Partial<SourceTest>> {
  await client.search({ email: `nobody-${v7()}@vestibule.invalid` }, signal);
  return { recordCount: await client.count(signal), message: 'The source answered a search for an address of nobody.' };
}

async function tryRetrieve(client: SourceClient, signal: AbortSignal): Promise<Partial<SourceTest>> {
  await client.retrieve(`nobody-${v7()}`, signal);
  return { message: 'The source answered a question for a record that it cannot have.' };
}

/** Reads where people would be sent; nobody is. */
async function tryAuthentication(client: SourceClient, publicUrl: string, signal: AbortSignal) {
  const secret = () => `${v7()}${v7()}`;
  const trip = { redirectUri: `${publicUrl}/`, state: secret(), binding: secret() };
  const { origin } = await client.authenticate.begin(trip, signal);
  return { message: `People would sign in at ${origin}.` };
}
