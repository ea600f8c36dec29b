/** Studies of `examples/cifar` in this process, whole and in parts, and what they leave. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mergeCommand } from '../../examples/cifar/grid/command.js';
import { workShard } from '../../examples/cifar/grid/work.js';
import { parse } from '../../examples/cifar/options.js';
import { trainWhole } from '../../examples/cifar/whole.js';

export const folder = mkdtempSync(join(tmpdir(), 'kindling-shards-'));
export const at = (name: string): string => join(folder, name);
export const smoke = ['--preset', 'smoke', '--data', 'synthetic'];

/** What the programs have said. */
export const said: string[] = [];
export const out = { isTTY: false, write: (text: string) => said.push(text) } as unknown as NodeJS.WriteStream;

export const whole = (argv: readonly string[], name: string): Promise<number> =>
  trainWhole(parse([...argv, '--out', at(name)]), out);

export const part = (argv: readonly string[], shard: string, name: string): Promise<number> =>
  workShard(parse([...argv, '--shard', shard, '--out', at(name)]), out);

export const merged = (into: string, ...names: string[]): Promise<number> =>
  mergeCommand([...names.map(at), '--out', at(into)], out);

/** All that a study leaves, but for times. */
export function left(name: string): Record<string, string> {
  const read = (file: string): Buffer => readFileSync(join(at(name), file));
  const results = JSON.parse(read('results.json').toString());
  for (const run of results.runs) run.seconds = 0;
  const seconds = /(<td class="text">[^<]*<\/td>)<td>[\d.,]+<\/td>/g;
  const report = read('report.html').toString().replace(seconds, '$1');
  const files = ['history.csv', 'f1.svg', ...readdirSync(join(at(name), 'weights')).map((file) => `weights/${file}`)];
  const bytes = files.map((file) => [file, read(file).toString('base64')]);
  return { results: JSON.stringify(results), report, ...Object.fromEntries(bytes) };
}
