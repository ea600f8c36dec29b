/** `tsx scripts/same-losses.ts A/results.json B/results.json`: whether two studies' first losses agree to 1e-5. */
import { readFileSync } from 'node:fs';
import type { StudyResults } from '../examples/cifar/results.js';

const BOUND = 1e-5;
const [a, b] = process.argv.slice(2).map((path): StudyResults => JSON.parse(readFileSync(path, 'utf8')));
if (!a || !b) throw new Error('usage: same-losses A/results.json B/results.json');
let worst = 0;
let compared = 0;
for (const run of a.runs) {
  const other = b.runs.find(({ scenario, seed }) => scenario === run.scenario && seed === run.seed);
  if (!other) throw new Error(`${run.scenario}, seed ${run.seed}: only one study has it`);
  run.firstLosses?.forEach((loss, i) => {
    const difference = Math.abs(loss - (other.firstLosses?.[i] ?? Number.NaN));
    if (!(difference <= worst)) worst = difference;
    compared++;
  });
}
console.log(`${a.host} and ${b.host}: ${compared} first losses, largest difference ${worst.toExponential(1)}`);
if (compared === 0 || !(worst <= BOUND)) {
  console.error(`they differ by more than ${BOUND}`);
  process.exit(1);
}
