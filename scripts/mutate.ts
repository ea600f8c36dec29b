/** `npm run mutate`: breaks the shaders in drawn places, one at a time, and looks whether the GPU tests notice. */
import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command } from 'commander';
import { bundleSuite } from './mutate/bundle.js';
import { draw, type Mutant, sitesOf } from './mutate/draw.js';
import { attempt, learn, testsOf, type Verdict } from './mutate/runner.js';

/** Of the mutants, so many must be caught. */
const WANTED = 0.9;

const list = (names: string): string[] => names.split(',');

const options = new Command('mutate')
  .description('Breaks WGSL operators, comparisons and literals one at a time; fails if tests catch fewer than 90 %.')
  .option('--seed <n>', 'which places are drawn', Number, 1)
  .option('--count <n>', 'how many', Number, 60)
  .option('--family <names>', 'of some families alone, files or folders of src/kernels: reduce,softmax', list)
  .option('--tests <names>', 'by some files of test/gpu alone, and only in what they run: direct,losses', list)
  .option('--list', 'prints what would be broken, and breaks nothing')
  .option('--json <file>', 'writes {adapter, seed, caught, total, mutants}')
  .parse()
  .opts<{ seed: number; count: number; family?: string[]; tests?: string[]; list?: boolean; json?: string }>();

const show = ({ site, kernel, before, after }: Mutant): string =>
  `${site.file}:${site.line} (${kernel})\n     - ${before}\n     + ${after}`;

const bundle = await bundleSuite(options.tests);
console.log('without a change:');
const baseline = await learn(bundle, console.log);
console.log(baseline.adapter);
for (const test of baseline.failed) console.log(`  fails without a change, left out: ${test}`);
console.log(`${baseline.tests.length} tests, ${baseline.slow.length} slow ones left out`);

/** Places that could be asked for: with `--tests`, those that one of them runs. */
const places = sitesOf(baseline, bundle.places).filter(
  ({ kernels }) => options.tests === undefined || testsOf(baseline, kernels).length > 0,
);
const families = new Set(places.map(({ family }) => family));
const unknown = options.family?.find((family) => !families.has(family));
if (unknown !== undefined) throw new Error(`no family ${unknown}: ${[...families].join(', ')}`);
const sites = places.filter(({ family }) => options.family?.includes(family) ?? true);
const mutants = await draw(sites, baseline, options.seed, options.count);
console.log(`${mutants.length} of ${sites.length} places drawn by seed ${options.seed}`);
if (options.list) {
  for (const mutant of mutants) console.log(`   ${show(mutant)}`);
  process.exit(0);
}

/** Tests that were seen to pass on their own, without the others before them. */
const reliable = new Set<string>();
const unreliable = new Set<string>();

/** Whether tests notice; a test that also fails without the change, when run by itself, is not believed. */
async function judge({ site, choice }: Mutant): Promise<Verdict> {
  const tests = testsOf(baseline, site.kernels);
  for (;;) {
    const trusted = tests
      .map(({ file, tests: names }) => ({ file, tests: names.filter((name) => !unreliable.has(`${file} > ${name}`)) }))
      .filter(({ tests: names }) => names.length > 0);
    const verdict = await attempt(bundle, baseline, trusted, { place: site.place, choice });
    if (!verdict || reliable.has(verdict.test)) return verdict;
    const alone = trusted
      .map(({ file, tests: names }) => ({ file, tests: names.filter((name) => `${file} > ${name}` === verdict.test) }))
      .filter(({ tests: names }) => names.length > 0);
    if ((await attempt(bundle, baseline, alone)) === null) {
      reliable.add(verdict.test);
      return verdict;
    }
    unreliable.add(verdict.test);
    console.log(`     fails by itself without a change, not believed: ${verdict.test}`);
  }
}

const minutes = (milliseconds: number): string => `${(milliseconds / 60_000).toFixed(1)} min`;
const results: { mutant: Mutant; verdict: Verdict; seconds: number }[] = [];
const start = Date.now();
for (const [i, mutant] of mutants.entries()) {
  const began = Date.now();
  const verdict = await judge(mutant);
  const now = Date.now();
  results.push({ mutant, verdict, seconds: (now - began) / 1000 });
  const left = minutes(((now - start) / (i + 1)) * (mutants.length - i - 1));
  const { family, file, line } = mutant.site;
  const outcome = verdict ? `caught (${verdict.how}: ${verdict.test})` : 'SURVIVED';
  console.log(`${String(i + 1).padStart(3)}/${mutants.length} ${family} ${file}:${line} ${outcome}; ${left} left`);
}

const table = new Table({
  head: ['family', 'caught', 'survived', 'places'],
  style: { head: [], border: [], compact: true },
});
for (const family of new Set(sites.map((site) => site.family))) {
  const own = results.filter(({ mutant }) => mutant.site.family === family);
  const caught = own.filter(({ verdict }) => verdict).length;
  table.push([family, caught, own.length - caught, sites.filter((site) => site.family === family).length]);
}
const caught = results.filter(({ verdict }) => verdict).length;
const total = results.length;
table.push(['total', caught, total - caught, sites.length]);
console.log(table.toString());
for (const { mutant, verdict } of results) {
  if (verdict) continue;
  const untested = testsOf(baseline, mutant.site.kernels).length === 0 ? ' — no fast test runs it' : '';
  console.log(`survived${untested}: ${show(mutant)}`);
}
const passed = total > 0 && caught >= WANTED * total;
const percent = ((100 * caught) / Math.max(total, 1)).toFixed(1);
console.log(`${caught} of ${total} caught (${percent} %), wanted ${100 * WANTED} %, in ${minutes(Date.now() - start)}`);
if (options.json !== undefined) {
  const lines = results.map(({ mutant: { site, kernel, before, after }, verdict, seconds }) => {
    const { family, file, line } = site;
    return {
      family,
      file,
      line,
      kernel,
      before,
      after,
      caughtBy: verdict?.test ?? null,
      how: verdict?.how ?? null,
      seconds,
    };
  });
  const adapter = baseline.adapter.replace('adapter: ', '');
  writeFileSync(
    options.json,
    `${JSON.stringify({ adapter, seed: options.seed, caught, total, mutants: lines }, null, 1)}\n`,
  );
}
// Dawn may keep a thread; nothing is left to do.
process.exit(passed ? 0 : 1);
