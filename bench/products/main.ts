/**
 * `npm run bench:products`: the products of several networks, each cut into every tile of the table below, on this adapter's
 * own clock: what the defaults of `src/kernels/gemm` are picked from. In Node.
 */
import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { init, rand, step, sync, type Tensor } from 'kindling';
import { time } from 'kindling/profile';
import type { GemmTile } from '../../src/kernels/gemm/spec.js';
import { launchProduct } from '../../src/ops/matmul.js';
import { PRODUCTS, type Product } from './products.js';
import { SPLITS, TILES } from './tiles.js';

const options = new Command('bench:products')
  .option('--json <file>', 'writes {adapter, date, rows: [{product, flops, tile, splits, ms, gflops, error}]}')
  .option('--only <text>', 'products whose names hold this')
  .option('--runs <n>', 'runs of each', Number, 10)
  .parse()
  .opts<{ json?: string; only?: string; runs: number }>();

interface Row {
  readonly product: string;
  readonly flops: number;
  readonly tile: GemmTile | null;
  readonly splits: number | null;
  readonly ms: number;
  readonly gflops: number;
  /** Largest difference from the first tile's result, by its largest value. */
  readonly error: number;
}

/** Results of more numbers are not compared. */
const COMPARED = 2 ** 22;

interface Attempt {
  readonly tile: GemmTile | null;
  readonly splits: number | null;
  readonly run: () => Tensor;
}

const text = ({ tile, splits }: Pick<Row, 'tile' | 'splits'>): string =>
  [
    tile ? `${tile.rows}×${tile.columns} by ${tile.threads?.join('×')}` : 'default',
    ...(tile?.steps ? [`steps ${tile.steps}`] : []),
    ...(splits ? [`${splits} parts`] : []),
  ].join(', ');

/** A GPU that idled goes slowly: an H200 at 345 MHz of 1980. Some milliseconds of work in front of what is measured. */
function busy(factor: Tensor): void {
  const product = step(() => {
    let y = factor;
    for (let i = 0; i < 4; i++) y = y.matmul(factor);
    return y;
  });
  product.dispose();
}

async function measured(product: Product, heavy: Tensor): Promise<Row[]> {
  const inputs = product.inputs.map((shape) => rand(shape).sub(0.5));
  const outputs = product.outputs.map((shape) => ({ shape }));
  const attempts: Attempt[] = [];
  for (const splits of product.splittable ? SPLITS : [null]) {
    for (const tile of splits ? [null, ...TILES.slice(0, 2)] : [null, ...TILES]) {
      const made = product.kernel({ variant: 'workgroup', ...(tile && { tile }), ...(splits && { splits }) });
      const run = () => launchProduct(made, inputs.slice(0, 2), inputs.slice(2), outputs)[0] as Tensor;
      attempts.push({ tile, splits, run });
    }
  }
  // All shaders at once.
  const results = attempts.map(({ run }) => run());
  await sync();
  const rows: Row[] = [];
  const check = product.outputs[0]?.reduce((a, b) => a * b, 1) ?? 0;
  const read = async (result?: Tensor): Promise<Float32Array> =>
    check > COMPARED ? new Float32Array() : ((await result?.data()) as Float32Array);
  const wanted = await read(results[0]);
  const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const [i, { tile, splits, run }] of attempts.entries()) {
    const got = await read(results[i]);
    const off = got.reduce((most, value, j) => Math.max(most, Math.abs(value - (wanted[j] ?? 0))), 0);
    const error = off / (largest || 1);
    busy(heavy);
    const { minMs: ms } = await time(() => step(run).dispose(), { warmup: 0, runs: options.runs, budgetMs: 30 });
    rows.push({
      product: product.name,
      flops: product.flops,
      tile,
      splits,
      ms,
      gflops: product.flops / ms / 1e6,
      error,
    });
  }
  for (const one of [...inputs, ...results]) one.dispose();
  return rows;
}

const adapter = await init();
console.log(`adapter: ${adapter.description}, in ${adapter.host}`);
const heavy = rand(adapter.isSoftware ? [1, 1] : [4096, 4096]);
const rows: Row[] = [];
for (const product of PRODUCTS.filter(({ name }) => !options.only || name.includes(options.only))) {
  const made = await measured(product, heavy);
  rows.push(...made);
  const [standard] = made;
  console.log(`\n${product.name}: default ${standard?.ms.toFixed(4)} ms, ${standard?.gflops.toFixed(0)} GFLOP/s`);
  for (const row of made.toSorted((a, b) => a.ms - b.ms).slice(0, 4)) {
    console.log(`  ${row.ms.toFixed(4)} ms ${row.gflops.toFixed(0).padStart(6)} GFLOP/s  ${text(row)}`);
  }
  const worst = Math.max(...made.map(({ error }) => error));
  if (!(worst < 1e-4)) console.log(`  results differ by ${worst}`);
}
if (options.json) {
  const report = { adapter: `${adapter.description}, in ${adapter.host}`, date: new Date().toISOString(), rows };
  writeFileSync(options.json, `${JSON.stringify(report)}\n`);
}
process.exit(rows.some(({ error }) => !(error < 1e-4)) ? 1 : 0);
