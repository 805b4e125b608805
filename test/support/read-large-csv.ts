import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import csv from '../../src/enrollment/sources/adapters/csv.js';
import { openAdapter } from './sources/open.js';

/*
 * Writes a CSV file of so many megabytes into a folder, reads all of it as a sync does, and prints how many records it
 * had and how much memory it needed at most while it was read, in megabytes. Run it in a process of its own.
 */
const [folder, megabytes] = [process.argv[2]!, Number(process.argv[3])];
const files = join(folder, 'tenant', 'files');
await mkdir(files, { recursive: true });
const path = join(files, 'large.csv');
const file = await open(path, 'w');
await file.write('id,given,family,mail,note\n');
for (let number = 0, written = 0; written < megabytes * 1_000_000;) {
  const rows: string[] = [];
  for (let i = 0; i < 1000; i++)
    rows.push(`${++number},Ada,Lovelace ${number},p${number}@example.org,"${'x'.repeat(200)}"`);
  written += (await file.write(`${rows.join('\n')}\n`)).bytesWritten;
}
await file.close();

const mapping = { key: 'id', givenName: 'given', familyName: 'family', emails: ['mail'] };
const adapter = openAdapter(csv, { settings: { path: 'large.csv', mapping }, filesFolder: folder, keepsRaw: true });
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is still needed, in megabytes: not what is still to be collected. */
function usedMemory(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1_000_000;
}

const before = usedMemory();
let most = before;
let records = 0;
let pages = 0;
for await (const page of adapter.inventory!(null, AbortSignal.timeout(120_000))) {
  records += page.records.length;
  if (++pages % 20 === 0) most = Math.max(most, usedMemory());
}
await rm(path);
process.stdout.write(JSON.stringify({ records, memory: Math.round(most - before) }));
