/** The profiler: what it counts, and that measuring changes nothing. */
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { profile, runKernel, time } from 'kindling/profile';
import { describe, expect, test } from 'vitest';

function trainer(wrap: (body: (x: k.Tensor, y: k.Tensor) => k.Tensor) => (x: k.Tensor, y: k.Tensor) => k.Tensor) {
  k.manualSeed(3);
  const model = new nn.Sequential(new nn.Conv2d(2, 4, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(144, 5));
  const dropout = new nn.Dropout(0.2);
  const optimizer = new Adam(model.parameters(), { lr: 1e-2 });
  const [x, y] = [k.randn([6, 2, 8, 8]), k.randint(0, 5, [6])];
  const train = wrap((x, y) => {
    optimizer.zeroGrad();
    const loss = F.crossEntropy(dropout.forward(model.forward(x)), y);
    loss.backward();
    optimizer.step();
    return loss;
  });
  return { model, step: () => train(x, y) };
}

const eager =
  (body: (x: k.Tensor, y: k.Tensor) => k.Tensor) =>
  (x: k.Tensor, y: k.Tensor): k.Tensor =>
    k.step(() => body(x, y));

const weights = async (model: nn.Module): Promise<number[][]> =>
  Promise.all(model.parameters().map(async (p) => Array.from(await p.data())));

describe('profile', () => {
  test.each([
    ['captured', k.capture],
    ['eager', eager],
  ] as const)('%s: counts what runs, and changes no bit', async (_, wrap) => {
    const plain = trainer(wrap);
    const losses: number[] = [];
    // Two to warm up, one to learn how long a step takes, two measured, two by the clock.
    for (let i = 0; i < 7; i++) losses.push(await plain.step().item());
    const before = k.stats();
    await plain.step().item();
    const dispatches = k.stats().dispatches - before.dispatches;

    const made = trainer(wrap);
    const seen: k.Tensor[] = [];
    const step = (): void => void seen.push(made.step());
    const result = await profile(step, { steps: 2, warmup: 2, peaks: false });
    expect(await Promise.all(seen.map((loss) => loss.item()))).toEqual(losses);
    await made.step().item();
    expect(await weights(made.model)).toEqual(await weights(plain.model));

    expect(result.dispatches).toBe(dispatches);
    expect(result.kernels.reduce((sum, { calls }) => sum + calls, 0)).toBe(dispatches);
    expect(result.timeline.length).toBe(dispatches);
    expect(result.timeline.at(-1)?.name).toBe('optimizer.adam');
    expect(result.kernels.find(({ name }) => name === 'optimizer.adam')?.calls).toBe(1);
    expect(result.kernelMs).toBeGreaterThan(0);
    expect(result.wallMs).toBeGreaterThan(result.hostMs);
  });

  test('times of a kernel that works add up, and have rates', async () => {
    const [a, b] = [k.randn([256, 256]), k.randn([256, 256])];
    const product = (): k.Tensor => k.step(() => k.matmul(a, b));
    const result = await profile(product, { steps: 2, warmup: 1, peaks: false });
    const [kernel] = result.kernels;
    const sum = result.kernels.reduce((total, { ms }) => total + ms, 0);
    expect(kernel?.name.startsWith('matmul')).toBe(true);
    expect(sum).toBeGreaterThan(0);
    expect(Math.abs(sum - result.kernelMs) / sum).toBeLessThan(0.5);
    expect(result.kernels.reduce((total, { share }) => total + share, 0)).toBeLessThan(1.5);
    expect(kernel?.gflops).toBeGreaterThan(0);
    expect(kernel?.gbs).toBeGreaterThan(0);
    expect(kernel?.peakShare).toBe(null);
    expect(kernel?.minMs).toBeLessThanOrEqual(kernel?.ms ?? 0);
  });

  test('a trace is JSON, with spans that last', async () => {
    const { step } = trainer(k.capture);
    const result = await profile(step, { steps: 2, peaks: false });
    const { traceEvents } = JSON.parse(JSON.stringify(result.chromeTrace())) as {
      traceEvents: { ph: string; tid: number; name: string; ts?: number; dur?: number }[];
    };
    const spans = traceEvents.filter(({ ph }) => ph === 'X');
    for (const { dur, ts } of spans) {
      expect(dur).toBeGreaterThanOrEqual(0);
      expect(ts).toBeGreaterThanOrEqual(0);
    }
    const gpu = spans.filter(({ tid }) => tid === 2);
    expect(gpu.length).toBe(2 * result.dispatches);
    expect(gpu.reduce((sum, { dur = 0 }) => sum + dur, 0)).toBeGreaterThan(0);
    expect(spans.filter(({ tid, name }) => tid === 1 && name.startsWith('step')).length).toBe(2);
  });

  test('an async function is refused', async () => {
    await expect(profile(async () => {}, { peaks: false })).rejects.toThrow('must not be async');
  });
});

test('time, of a shader of one’s own', async () => {
  const x = k.arange(0, 1000);
  const y = k.zeros([1000]);
  const wgsl = `@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < 1000u) { ys[id.x] = 2 * xs[id.x]; }
  }`;
  const source = { name: 'twice', read: { xs: 'f32' }, write: { ys: 'f32' }, workgroups: [16, 1, 1], wgsl } as const;
  const times = await time(() => runKernel(source, [x], [y]), { warmup: 1, runs: 3 });
  expect(times.runs).toBe(3);
  expect(times.dispatches).toBe(1);
  expect(times.wallMs).toBeGreaterThan(0);
  expect(Array.from(await y.data())).toEqual(Array.from({ length: 1000 }, (_, i) => 2 * i));
});

test('onCompile tells when a shader begins to compile and when it is done', async () => {
  const y = k.zeros([1]);
  const wgsl = '@compute @workgroup_size(1) fn main() { ys[0] = 12.25; }';
  const source = { name: 'quarter', write: { ys: 'f32' }, workgroups: [1, 1, 1], wgsl } as const;
  await k.sync();
  const seen: k.CompileProgress[] = [];
  k.onCompile((progress) => seen.push(progress));
  try {
    runKernel(source, [], [y]);
    expect(await y.array()).toEqual([12.25]);
    runKernel(source, [], [y]);
    await k.sync();
  } finally {
    k.onCompile(null);
  }
  const [begun, ended] = seen.filter(({ kernel }) => kernel === 'quarter');
  expect(ended).toEqual({ kernel: 'quarter', done: (begun?.done ?? 0) + 1, total: begun?.total });
  expect(seen.filter(({ kernel }) => kernel === 'quarter')).toHaveLength(2);
});
