import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { agreedBodies, graphqlRequest, time } from './measure.js';
import { type Generator, startVestibule, startWorker } from './processes.js';
import type { Workload } from './workloads.js';

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

/** Runs one workload on Vestibule alone under Node's sampling profiler, and prints where the time went. */
export async function profile(folder: string, settings: Record<string, string>, workload: Workload): Promise<void> {
  const output = await mkdtemp(join(tmpdir(), 'vestibule-profile-'));
  const flags = ['--cpu-prof', '--cpu-prof-dir', output];
  const server = await startVestibule(folder, settings, flags);
  const generator: Generator = startWorker(folder, 'generator.js');
  try {
    const contender = { name: 'vestibule', server, request: graphqlRequest, answers: () => true };
    const bodies = await agreedBodies([contender], workload);
    const figures = await time(generator, [contender], workload, bodies, {
      rounds: 3,
      milliseconds: 5_000,
      warmUp: 3_000,
    });
    console.log(`${workload.name}: ${Math.round(figures.get('vestibule')!.median)}/s under the profiler`);
  } finally {
    await generator.stop();
    await server.stop();
  }
  const [file] = await readdir(output);
  print(JSON.parse(await readFile(join(output, file!), 'utf8')) as Profile, folder);
  await rm(output, { recursive: true });
}

function print({ nodes, samples, timeDeltas }: Profile, folder: string): void {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const self = new Map<number, number>();
  // The first part is starting, which is not asked about.
  const total = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  let seen = 0;
  let counted = 0;
  for (const [index, id] of samples.entries()) {
    seen += timeDeltas[index]!;
    if (seen < total * 0.5) continue;
    self.set(id, (self.get(id) ?? 0) + timeDeltas[index]!);
    counted += timeDeltas[index]!;
  }
  const functions = new Map<string, number>();
  const places = new Map<string, number>();
  for (const [id, microseconds] of self) {
    const { functionName, url, lineNumber } = byId.get(id)!.callFrame;
    const place = placeOf(url, folder);
    add(functions, `${functionName || '(anonymous)'} ${place.file}:${lineNumber + 1}`, microseconds);
    add(places, functionName.startsWith('(') && !url ? functionName : place.group, microseconds);
  }
  const inclusive = inclusiveTimes(nodes, self, folder);
  printTop('by package', places, counted, 30);
  printTop('by function, itself', functions, counted, 45);
  printTop('by function, with what it calls', inclusive, counted, 90);
}

function inclusiveTimes(nodes: Profile['nodes'], self: Map<number, number>, folder: string): Map<string, number> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  const totals = new Map<string, number>();
  const visit = (id: number, path: Set<string>): number => {
    const node = byId.get(id)!;
    const { functionName, url, lineNumber } = node.callFrame;
    const name = `${functionName || '(anonymous)'} ${placeOf(url, folder).file}:${lineNumber + 1}`;
    const isOutermost = !path.has(name);
    if (isOutermost) path.add(name);
    let sum = self.get(id) ?? 0;
    for (const child of node.children ?? []) sum += visit(child, path);
    if (isOutermost) {
      path.delete(name);
      add(totals, name, sum);
    }
    return sum;
  };
  for (const node of nodes) if (!children.has(node.id)) visit(node.id, new Set());
  return totals;
}

function placeOf(url: string, folder: string): { file: string; group: string } {
  const file = url
    .replace('file://', '')
    .replace(`${folder}/`, '')
    .replace(/^.*\/node_modules\//, '');
  if (url.includes('/node_modules/')) return { file, group: /^(@[^/]+\/)?[^/]+/.exec(file)![0] };
  if (url.startsWith('node:')) return { file, group: file.split('/')[0]! };
  return { file, group: file.startsWith('src/') ? file : file || '(native)' };
}

function add(totals: Map<string, number>, name: string, value: number): void {
  totals.set(name, (totals.get(name) ?? 0) + value);
}

function printTop(title: string, totals: Map<string, number>, counted: number, count: number): void {
  console.log(`\n${title}`);
  for (const [name, microseconds] of [...totals].sort((a, b) => b[1] - a[1]).slice(0, count)) {
    console.log(`${((microseconds / counted) * 100).toFixed(1).padStart(6)} %  ${name}`);
  }
}
