/** The arithmetic of a step on paper; and the study's step, taken on a device that does nothing. */
import { describe, expect, test } from 'vitest';
import { openNothing } from '../nothing.js';
import { studyStep } from '../profile/study.js';
import { ADAPTERS, type Adapter, adapterOf, parseAdapter } from './adapters.js';
import { boundOf } from './bound.js';
import { bytesOf, type Launch, launchesOf, type Range } from './launches.js';
import { alignment } from './measured.js';
import { barriers, criticalPath, predecessors, producers } from './order.js';
import { planOf } from './plan.js';
import { text } from './report.js';
import { traffic } from './traffic.js';
import { workgroupSize, writtenOnly } from './wgsl.js';

const range = (buffer: number, from = 0, to = 100): Range => ({ buffer, from, to, bytes: to - from });
const launch = (reads: readonly Range[], writes: readonly Range[], more: Partial<Launch> = {}): Launch => ({
  ...{ name: 'kernel', hash: 'hash', workgroups: [8, 1, 1], invocations: 64, multiplyAdds: 0 },
  ...{ reads, writes },
  ...more,
});

/** 16 multiply-adds per cycle and unit in 4 SIMDs of 4 lanes: a multiply-add per nanosecond and lane, 64 in all. */
const ADAPTER: Adapter = {
  ...{ name: 'an adapter', gflops: 128, gbs: 10, cache: { bytes: 1000, gbs: 40 }, sources: '' },
  ...{ units: 4, lanes: 16, subgroup: 4, ghz: 1, workgroupMemory: 16, launchUs: 2 },
};
const NO_BYTES = { bytes: 0, missed: 0 };

describe('the bound of a launch', () => {
  const product = launch([], [], { multiplyAdds: 64_000 });

  test('by arithmetic, at the peak', () => {
    expect(boundOf(product, null, NO_BYTES, ADAPTER)).toEqual({
      ...{ arithmetic: 1, mixed: 1, spread: 1, memory: 0, work: 1, total: 3, binds: 'launch' },
    });
    const large = { ...product, multiplyAdds: 640_000 };
    expect(boundOf(large, null, NO_BYTES, ADAPTER)).toMatchObject({ spread: 10, total: 12, binds: 'arithmetic' });
  });

  test('by what else the inner loop does', () => {
    const large = { ...product, multiplyAdds: 640_000 };
    const slowed = boundOf(large, { share: 0.5, fmaPerLds: null }, NO_BYTES, ADAPTER);
    expect(slowed).toMatchObject({ arithmetic: 10, mixed: 20, work: 20, binds: 'mix' });
    // 64 lanes read 16 bytes per 4 multiply-adds: 256 per nanosecond, where the units have 64.
    const reading = boundOf(large, { share: 0.5, fmaPerLds: 4 }, NO_BYTES, ADAPTER);
    expect(reading).toMatchObject({ arithmetic: 10, mixed: 40, work: 40, binds: 'lds' });
  });

  test.each([
    ['5 workgroups, of which one unit has two', [5, 1, 1], 64, 16],
    ['2 workgroups, of which two units have none', [2, 1, 1], 64, 20],
    ['a workgroup of two subgroups for four SIMDs', [4, 1, 1], 8, 20],
    ['as much, in two workgroups of a unit', [8, 1, 1], 8, 10],
  ])('by how it is spread: %s', (_, workgroups, invocations, spread) => {
    const large = { ...product, workgroups, invocations, multiplyAdds: 640_000 };
    const bound = boundOf(large, null, NO_BYTES, ADAPTER);
    expect(bound.spread).toBeCloseTo(spread, 9);
    expect(bound.binds).toBe(spread > 10 ? 'workgroups' : 'arithmetic');
  });

  test('by memory, through a cache', () => {
    const bytes = 400_000;
    expect(boundOf(product, null, { bytes, missed: bytes }, ADAPTER)).toMatchObject({ memory: 40, binds: 'memory' });
    expect(boundOf(product, null, { bytes, missed: 0 }, ADAPTER)).toMatchObject({ memory: 10, total: 12 });
    const noRate = { ...ADAPTER, cache: { bytes: 1000 } };
    expect(boundOf(product, null, { bytes, missed: 1000 }, noRate).memory).toBeCloseTo(0.1, 9);
    const { cache: _, ...noCache } = ADAPTER;
    expect(boundOf(product, null, { bytes, missed: 1000 }, noCache).memory).toBeCloseTo(40, 9);
  });

  test('a copy, and an adapter of which little is known', () => {
    const copy = launch([], [], { workgroups: [], invocations: 0 });
    expect(boundOf(copy, null, { bytes: 10, missed: 10 }, ADAPTER)).toMatchObject({ spread: 0, binds: 'launch' });
    const little = { name: 'little', gflops: 128, gbs: 10, sources: '' };
    expect(boundOf(product, { share: 0.5, fmaPerLds: 1 }, NO_BYTES, little)).toMatchObject({ total: 2, binds: 'mix' });
  });
});

test('what a cache still holds when a step runs again', () => {
  const launches = [launch([range(0, 0, 600)], []), launch([range(0, 0, 600)], [range(1, 0, 300)])];
  const all = [
    { bytes: 600, missed: 0 },
    { bytes: 900, missed: 0 },
  ];
  expect(traffic(launches, 900)).toEqual(all);
  // The second range pushes the first one out; without a cache everything is missed.
  expect(traffic(launches, 800).map(({ missed }) => missed)).toEqual([600, 300]);
  expect(traffic(launches, 0).map(({ missed }) => missed)).toEqual([600, 900]);
  // Of a range of two blocks the second is new.
  const blocks = [launch([range(0, 0, 65_536)], []), launch([range(0, 65_530, 65_546)], [])];
  expect(traffic(blocks, 65_540).map(({ missed }) => missed)).toEqual([65_536, 10]);
});

describe('the order of launches', () => {
  // 0 → 1 → 3, 0 → 2 → 3; then 4 writes what 1 has read.
  const diamond = [
    launch([], [range(0)]),
    launch([range(0)], [range(1)]),
    launch([range(0)], [range(2)]),
    launch([range(1), range(2)], [range(3)]),
    launch([], [range(0)]),
  ];

  test('what each waits for', () => {
    expect(producers(diamond)).toEqual([[], [0], [0], [2, 1], []]);
    expect(predecessors(diamond)).toEqual([[], [0], [0], [1, 2], [0, 1, 2]]);
    expect(barriers(diamond)).toEqual([[0], [1, 2], [3, 4]]);
  });

  test('a result is that of whoever wrote it last, part by part', () => {
    const parts = [
      launch([], [range(0, 0, 100)]),
      launch([], [range(0, 0, 40)]),
      launch([range(0, 0, 40)], [range(1)]),
      launch([range(0, 20, 60)], [range(2)]),
    ];
    expect(producers(parts)).toEqual([[], [], [1], [1, 0]]);
    // Parts of a buffer that do not meet: nobody waits, but Dawn, which knows whole buffers.
    const halves = [launch([], [range(0, 0, 50)]), launch([], [range(0, 50, 100)])];
    expect(predecessors(halves)).toEqual([[], []]);
    expect(barriers(halves)).toEqual([[0], [1]]);
  });

  test('the critical path', () => {
    expect(criticalPath([1, 5, 3, 2, 7], producers(diamond))).toEqual({ time: 8, path: [0, 1, 3] });
    expect(criticalPath([1, 5, 3, 2, 7], predecessors(diamond))).toEqual({ time: 13, path: [0, 1, 4] });
    expect(criticalPath([], [])).toEqual({ time: 0, path: [] });
  });

  test('a plan adds up', () => {
    const timed = diamond.map((one, i) => ({ ...one, name: `k${i}`, multiplyAdds: 64_000 * (i + 1) }));
    const timeline = [
      { name: 'k1+relu', workgroups: [8, 1, 1], ms: 0.01 },
      { name: 'k3', workgroups: [4, 1, 1], ms: 0.02 },
    ];
    const { rows, totals } = planOf(timed, { ...ADAPTER, passUs: 3 }, () => null, timeline);
    expect(rows.map(({ total }) => total)).toEqual([3, 4, 5, 6, 7]);
    expect(rows.map(({ measured }) => measured)).toEqual([null, 10, null, 20, null]);
    expect(rows.map(({ isOther }) => isOther)).toEqual([false, false, false, true, false]);
    expect(rows[1]?.ratio).toBe(2); // 3 of the pass, 2 of work.
    expect(rows.map(({ gain }) => gain)).toEqual([0, 5, 0, 13, 0]);
    expect(totals).toEqual({
      ...{ sum: 25, launches: 10, least: 15, mixed: 15, work: 15 },
      // Those that run side by side share the units: 2 + 1, 2 + 2 + 3, 2 + 4 + 5.
      ...{ barriers: 21, groups: 3 },
      // Chains of 16 and 14, but the device needs 2 + 15 for all.
      ...{ path: 17, dataPath: 17, chain: [1, 3, 4] },
      ...{ measured: 30, measuredBound: 12 },
    });
  });
});

test('measured launches beside those of today', () => {
  expect(alignment(['a', 'b+relu', 'c', 'c'], ['a', 'b', 'c', 'c'])).toEqual([0, 1, 2, 3]);
  expect(alignment(['a', 'new', 'b', 'c'], ['a', 'old', 'c', 'b', 'c'])).toEqual([0, null, 3, 4]);
  expect(alignment(['a'], [])).toEqual([null]);
});

describe('what a shader says', () => {
  test('its workgroup', () => {
    expect(workgroupSize('@compute @workgroup_size(8, 16, 2)\nfn main() {}')).toBe(256);
    expect(workgroupSize('const LANES = 32u;\n@compute @workgroup_size(LANES)')).toBe(32);
    expect(() => workgroupSize('fn main() {}')).toThrow('workgroup size');
  });

  test('which outputs it reads, too', () => {
    const wgsl = `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> written: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> summed: array<f32>;
@group(0) @binding(3) var<storage, read_write> compared: array<f32>;
@group(0) @binding(4) var<storage, read_write> parts: array<vec4<f32>>;
// compared[0] = 1, and written is read
fn main() {
  if (i < arrayLength(&written)) { written[index[i] + 1u] = x[i]; }
  summed[i] += x[i];
  if (compared[i] == 0.0) { parts[i].x = 1.0; }
}`;
    expect([...writtenOnly(wgsl)]).toEqual([1, 4]);
  });
});

describe('adapters', () => {
  test('their numbers fit together', () => {
    for (const { name, gflops, units = 0, lanes = 0, ghz = 0 } of Object.values(ADAPTERS)) {
      expect([name, Math.abs((2 * units * lanes * ghz) / gflops - 1) < 0.002]).toEqual([name, true]);
    }
  });

  test('one in a file', () => {
    const one = { name: 'mine', gflops: 1000, gbs: 50, units: 8 };
    expect(parseAdapter(JSON.stringify(one))).toEqual({ ...one, sources: '' });
    expect(() => parseAdapter('{"gflops": 1000}')).toThrow('gbs');
    expect(() => parseAdapter('{"gflops": 1000, "gbs": 50, "units": "8"}')).toThrow('units');
    expect(() => parseAdapter('{"gflops": 1000, "gbs": 50, "cache": {"gbs": 3}}')).toThrow('cache');
    expect(() => adapterOf('h20')).toThrow('h200');
  });
});

test("the study's step, on an adapter that is not here", async () => {
  await openNothing();
  const step = studyStep(16);
  for (let i = 0; i < 2; i++) step();
  const launches = await launchesOf(step);
  const of = (name: string): Launch[] => launches.filter((one) => one.name.startsWith(name));
  // By the network's shapes: 32 maps of 30 × 30 by 27, 64 of 12 × 12 by 288 (those that pooling drops are left out), 64 of 4 × 4 by 576.
  const images = 16;
  expect(of('conv2d.forward').map(({ multiplyAdds }) => multiplyAdds / images)).toEqual([
    32 * 900 * 27,
    64 * 144 * 288,
    64 * 16 * 576,
  ]);
  const parameters = 4 * 122_570;
  const [adam] = of('optimizer.adam');
  // Parameters, gradients and two moments, each at a multiple of 256 bytes; all but the gradients are written.
  expect(bytesOf(adam?.reads ?? []) / parameters).toBeCloseTo(4, 1);
  expect(bytesOf(adam?.writes ?? []) / parameters).toBeCloseTo(3, 1);
  const [images32] = of('copy');
  expect(bytesOf(images32?.reads ?? [])).toBe(4 * images * 3 * 32 * 32);

  const made = planOf(launches, ADAPTERS.h200 as Adapter, () => null);
  const { totals, rows } = made;
  expect(rows.every(({ total, arithmetic, memory }) => total >= Math.max(arithmetic, memory))).toBe(true);
  expect(totals.dataPath).toBeLessThanOrEqual(totals.path);
  expect(totals.path).toBeLessThan(totals.barriers);
  expect(totals.barriers).toBeLessThan(totals.sum);
  // The chain is a step's: forward, the loss, backward, the update.
  const chain = totals.chain.map((place) => rows[place - 1]?.name ?? '');
  expect(chain.findIndex((name) => name.startsWith('crossEntropy'))).toBeGreaterThan(4);
  expect(chain).toContain('optimizer.adam');
  const table = text({
    model: 'study',
    batchSize: 16,
    adapter: ADAPTERS.h200 as Adapter,
    family: '',
    source: null,
    ...made,
  });
  expect(table).toContain('132 units');
  for (const line of table.split('\n').slice(1, -4)) expect(line.length).toBeLessThanOrEqual(140);
});
