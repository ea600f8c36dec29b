/** `GradScaler` against PyTorch's rules, on any adapter: scale, overflow, growth, backoff, states, and optimizers that pass steps over. */
import * as k from 'kindling';
import { capture, keep, step, type Tensor, tensor } from 'kindling';
import { GradScaler, type GradScalerState } from 'kindling/amp';
import { Adam, clipGradNorm, NAdam, type Optimizer, RMSprop, SGD } from 'kindling/optim';
import { expect, test } from 'vitest';

const parameter = (...values: number[]): Tensor => keep(tensor(values)).requiresGrad_();

test('a loss is scaled, its gradients are not', async () => {
  const w = parameter(1, 2, 3);
  const optimizer = new SGD([w], { lr: 0.5 });
  const scaler = new GradScaler({ initScale: 1024 });
  const loss = k.sum(k.mul(w, w));
  const scaled = scaler.scale(loss);
  expect(await scaled.item()).toBe(14 * 1024);
  scaled.backward();
  expect([...(await (w.grad as Tensor).data())]).toEqual([2048, 4096, 6144]);
  scaler.unscale_(optimizer);
  expect([...(await (w.grad as Tensor).data())]).toEqual([2, 4, 6]);
  scaler.step(optimizer);
  expect([...(await w.data())]).toEqual([0, 0, 0]);
  scaler.update();
  expect(await scaler.getScale()).toBe(1024);
  const [a, b] = scaler.scale([loss, loss]) as [Tensor, Tensor];
  expect([await a.item(), await b.item()]).toEqual([14 * 1024, 14 * 1024]);
});

test('clipping between unscale_ and step sees gradients as they are', async () => {
  const w = parameter(3, 4);
  const optimizer = new SGD([w], { lr: 1 });
  const scaler = new GradScaler();
  scaler.scale(k.sum(k.mul(k.mul(w, w), 0.5))).backward();
  scaler.unscale_(optimizer);
  expect(await clipGradNorm([w], 1).item()).toBeCloseTo(5, 5);
  scaler.step(optimizer);
  const [x = 0, y = 0] = await w.data();
  expect(x).toBeCloseTo(3 - 0.6, 5);
  expect(y).toBeCloseTo(4 - 0.8, 5);
});

/** What `_amp_update_scale_` does, in doubles. */
function updated(scale: number, tracker: number, found: boolean, interval: number): [number, number] {
  if (found) return [scale * 0.25, 0];
  if (tracker + 1 < interval) return [scale, tracker + 1];
  const grown = Math.fround(scale * 4);
  return [Number.isFinite(grown) ? grown : scale, 0];
}

test('scale and tracker follow what is found, to the largest float', async () => {
  const w = parameter(1);
  const optimizer = new SGD([w], { lr: 0 });
  const options = { initScale: 2 ** 120, growthFactor: 4, backoffFactor: 0.25, growthInterval: 2 };
  const scaler = new GradScaler(options);
  let [scale, tracker] = [options.initScale, 0];
  for (const found of [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0]) {
    w.grad = tensor([found ? Number.NaN : 1]);
    scaler.step(optimizer);
    scaler.update();
    [scale, tracker] = updated(scale, tracker, found === 1, 2);
    expect(await scaler.stateDict()).toMatchObject({ scale, growthTracker: tracker });
  }
  scaler.step(optimizer);
  scaler.update(8);
  expect(await scaler.getScale()).toBe(8);
});

type Make = (params: readonly Tensor[]) => Optimizer<never>;

const OPTIMIZERS: readonly [string, Make][] = [
  ['SGD', (params) => new SGD(params, { lr: 0.1, momentum: 0.9, dampening: 0.5 }) as unknown as Optimizer<never>],
  ['Adam', (params) => new Adam(params, { lr: 0.1 }) as unknown as Optimizer<never>],
  ['Adam with amsgrad', (params) => new Adam(params, { lr: 0.1, amsgrad: true }) as unknown as Optimizer<never>],
  ['RMSprop', (params) => new RMSprop(params, { lr: 0.1, centered: true }) as unknown as Optimizer<never>],
  ['NAdam', (params) => new NAdam(params, { lr: 0.1 }) as unknown as Optimizer<never>],
];

const GRADIENTS = [
  [Number.POSITIVE_INFINITY, 1],
  [1, 1],
  [0.5, Number.NaN],
  [-1, 2],
  [2, 0.25],
  [Number.NEGATIVE_INFINITY, 0],
  [1, -1],
];

test.each(OPTIMIZERS)('a step passed over leaves no trace: %s', async (_, make) => {
  // The same gradients without those that are not finite, by the optimizer alone.
  const [w, alone] = [parameter(1, -2), parameter(1, -2)];
  const [optimizer, other] = [make([w]), make([alone])] as unknown as [Optimizer, Optimizer];
  const scaler = new GradScaler({ initScale: 256 });
  for (const values of GRADIENTS) {
    const before = await w.data();
    step(() => {
      optimizer.zeroGrad();
      scaler.scale(k.sum(k.mul(w, tensor(values)))).backward();
      scaler.step(optimizer);
      scaler.update();
    });
    if (values.every(Number.isFinite)) {
      alone.grad = tensor(values);
      other.step();
      expect(await w.data()).toEqual(await alone.data());
    } else expect(await w.data()).toEqual(before);
  }
  expect(await scaler.getScale()).toBe(32);
});

test('captured, replays do what eager steps do, and read nothing', async () => {
  const run = async (isCaptured: boolean): Promise<unknown[]> => {
    const w = parameter(1, -2);
    const optimizer = new Adam([w], { lr: 0.1 });
    const scaler = new GradScaler({ initScale: 256, growthInterval: 2 });
    const body = (g: Tensor): Tensor => {
      optimizer.zeroGrad();
      const loss = k.sum(k.mul(w, g));
      scaler.scale(loss).backward();
      scaler.step(optimizer);
      scaler.update();
      return loss;
    };
    const captured = capture(body);
    const train = isCaptured ? captured : (g: Tensor) => step(() => body(g));
    const seen: unknown[] = [];
    for (const values of [...GRADIENTS, ...GRADIENTS]) {
      train(tensor(values));
      seen.push([...(await w.data()), await scaler.stateDict()]);
    }
    if (isCaptured) expect(captured.stats()).toMatchObject({ recordings: 1, replays: 12 });
    return seen;
  };
  expect(await run(true)).toEqual(await run(false));
});

test('update behind a captured step', async () => {
  const w = parameter(1);
  const optimizer = new SGD([w], { lr: 0.1 });
  const scaler = new GradScaler({ initScale: 4, growthInterval: 1 });
  const train = capture(() => {
    optimizer.zeroGrad();
    scaler.scale(k.sum(w)).backward();
    scaler.step(optimizer);
  });
  for (let i = 0; i < 4; i++) {
    train();
    scaler.update();
  }
  expect(await scaler.getScale()).toBe(64);
});

test('a state goes on where another ended, to the bits', async () => {
  const at = (w: Tensor, optimizer: Optimizer, scaler: GradScaler) => (values: number[]) => {
    w.grad = tensor(values);
    scaler.step(optimizer);
    scaler.update();
  };
  const make = (values: number[]) => {
    const w = parameter(...values);
    const optimizer = new Adam([w], { lr: 0.1 });
    const scaler = new GradScaler({ initScale: 16, growthInterval: 3 });
    return { w, optimizer, scaler, next: at(w, optimizer as unknown as Optimizer, scaler) };
  };
  const whole = make([1, -2]);
  for (const values of GRADIENTS.slice(0, 4)) whole.next(values);
  const saved = JSON.parse(JSON.stringify(await whole.scaler.stateDict())) as GradScalerState;
  expect(saved).toEqual({
    scale: 4,
    growthFactor: 2,
    backoffFactor: 0.5,
    growthInterval: 3,
    growthTracker: 1,
    skipped: [2],
  });
  const resumed = make([...(await whole.w.data())]);
  resumed.scaler.loadStateDict(saved);
  resumed.optimizer.loadStateDict(whole.optimizer.stateDict());
  for (const values of GRADIENTS.slice(4)) {
    for (const { next } of [whole, resumed]) next(values);
    expect(await resumed.w.data()).toEqual(await whole.w.data());
  }
  expect(await resumed.scaler.stateDict()).toEqual(await whole.scaler.stateDict());
});

test('two optimizers: one that overflows lets the other step, and the scale falls', async () => {
  const [a, b] = [parameter(1), parameter(1)];
  const [first, second] = [new SGD([a], { lr: 1 }), new SGD([b], { lr: 1 })];
  const scaler = new GradScaler({ initScale: 2 });
  [a.grad, b.grad] = [tensor([Number.NaN]), tensor([2])];
  scaler.step(first);
  scaler.step(second);
  scaler.update();
  expect([await a.item(), await b.item(), await scaler.getScale()]).toEqual([1, 0, 1]);
});

test('without being enabled it is not there', async () => {
  const w = parameter(1);
  const optimizer = new SGD([w], { lr: 1 });
  const scaler = new GradScaler({ enabled: false });
  const loss = k.sum(w);
  expect(scaler.scale(loss)).toBe(loss);
  loss.backward();
  scaler.unscale_(optimizer);
  scaler.step(optimizer);
  scaler.update();
  expect([await w.item(), await scaler.getScale(), await scaler.stateDict()]).toEqual([0, 1, {}]);
});

test('what makes no sense is refused', () => {
  const w = parameter(1);
  const optimizer = new SGD([w], { lr: 1 });
  const scaler = new GradScaler();
  expect(() => new GradScaler({ growthFactor: 1 })).toThrow('GradScaler: growthFactor is 1, wants more than 1');
  expect(() => new GradScaler({ initScale: 0 })).toThrow('GradScaler: initScale is 0');
  expect(() => new GradScaler({ growth: 2 } as object)).toThrow('did you mean growthFactor');
  expect(() => scaler.unscale_(optimizer)).toThrow('no parameter of this optimizer has a gradient');
  expect(() => scaler.update()).toThrow('GradScaler.update: no gradients were looked at');
  expect(() => scaler.step({} as Optimizer)).toThrow('GradScaler.step: wants an optimizer');
  expect(() => scaler.loadStateDict({})).toThrow('this state is empty');
  w.grad = tensor([1]);
  scaler.unscale_(optimizer);
  expect(() => scaler.unscale_(optimizer)).toThrow('a second time before update()');
  scaler.step(optimizer);
  expect(() => scaler.step(optimizer)).toThrow('GradScaler.step: called a second time');
  expect(() => scaler.unscale_(optimizer)).toThrow('after step() before update()');
  scaler.update();
});
