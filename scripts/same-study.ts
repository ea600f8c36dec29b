/** `tsx scripts/same-study.ts A B`: whether two folders of studies are the same to the bit, but for times. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StudyResults } from '../examples/cifar/results.js';

const [a, b] = process.argv.slice(2);
if (!a || !b) throw new Error('usage: same-study A B, two folders of studies');

function timeless(folder: string): string {
  const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as StudyResults;
  for (const run of results.runs) run.seconds = 0;
  return JSON.stringify(results);
}

const weights = [a, b].map((folder) => readdirSync(join(folder, 'weights')).sort());
const files = ['history.csv', ...(weights[0] ?? []).map((name) => `weights/${name}`)];
const same = (file: string): boolean => readFileSync(join(a, file)).equals(readFileSync(join(b, file)));
const other = [
  ...(timeless(a) === timeless(b) ? [] : ['results.json']),
  ...(weights[0]?.join() === weights[1]?.join() ? files.filter((file) => !same(file)) : ['weights']),
];
if (other.length > 0) {
  console.error(`${a} and ${b} differ in ${other.join(', ')}`);
  process.exit(1);
}
console.log(`${a} and ${b} are the same to the bit: results.json but for times, ${files.length} other files`);
