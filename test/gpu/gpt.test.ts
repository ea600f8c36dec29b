/** The transformer of `examples/gpt` against PyTorch (`examples/gpt/pytorch.py`), and what it writes. */
import { manualSeed, type Tensor, tensor } from 'kindling';
import { expect, it } from 'vitest';
import { Gpt, type GptConfig } from '../../examples/gpt/model.js';
import { write } from '../../examples/gpt/write.js';
import { close, type Plain } from '../support/agree.js';
import { loadJson } from '../support/fixtures.js';

interface Fixture {
  readonly config: GptConfig;
  readonly state: Record<string, Plain>;
  readonly characters: number[][];
  readonly next: number[][];
  readonly logits: Plain;
  readonly loss: number;
  readonly gradients: Record<string, Plain>;
}

const fixture = await loadJson<Fixture>('gpt.json');

/** The model of the fixture, with its weights. */
function loaded(): Gpt {
  const model = new Gpt(fixture.config);
  const state = Object.entries(fixture.state).map(([name, { shape, data }]) => [name, tensor([...data], { shape })]);
  model.loadStateDict(Object.fromEntries(state) as Record<string, Tensor>);
  return model;
}

const numbers = (rows: number[][]): Tensor => tensor(rows, { dtype: 'i32' });

it("has PyTorch's logits, loss and gradients by every parameter", async () => {
  const model = loaded();
  expect(Object.keys(model.stateDict())).toEqual(Object.keys(fixture.state));
  const bounds = { rtol: 2e-5, atol: 4e-6 };
  await close('logits', model.forward(numbers(fixture.characters)), fixture.logits, bounds);
  const loss = model.loss(numbers(fixture.characters), numbers(fixture.next));
  expect(await loss.item()).toBeCloseTo(fixture.loss, 5);
  loss.backward();
  for (const [name, parameter] of model.namedParameters()) {
    await close(`gradient by ${name}`, parameter.grad as Tensor, fixture.gradients[name] as Plain, bounds);
  }
});

it('sees nothing of what comes after, and takes fewer characters than its context', async () => {
  const model = loaded();
  const row = fixture.characters[0] ?? [];
  const whole = await model.forward(numbers([row])).data();
  const { vocabulary } = fixture.config;
  const changed = await model.forward(numbers([row.with(4, ((row[4] ?? 0) + 1) % vocabulary)])).data();
  expect([...changed.subarray(0, 4 * vocabulary)]).toEqual([...whole.subarray(0, 4 * vocabulary)]);
  expect([...changed.subarray(4 * vocabulary)]).not.toEqual([...whole.subarray(4 * vocabulary)]);
  const first = model.forward(numbers([row.slice(0, 4)]));
  await close('logits of four', first, { shape: [1, 4, vocabulary], data: [...whole.subarray(0, 4 * vocabulary)] });
});

it('starts with even odds and weights as small as said', async () => {
  manualSeed(5);
  const model = new Gpt({ vocabulary: 50, context: 16, width: 32, heads: 4, layers: 2 });
  const row = Array.from({ length: 16 }, (_, i) => i);
  expect(await model.loss(numbers([row]), numbers([row])).item()).toBeCloseTo(Math.log(50), 1);
  const spread = async (x: Tensor): Promise<number> => Math.sqrt(await x.square().mean().item());
  expect(await spread(model.tokens.weight)).toBeCloseTo(0.02, 2.5);
  expect(await spread(model.blocks[1]?.down.weight as Tensor)).toBeCloseTo(0.01, 2.5);
});

it('writes what it finds likeliest at a low temperature, beyond its context too', async () => {
  const model = loaded();
  const { context, vocabulary } = fixture.config;
  const start = [3, 1];
  const written = await write(model, start, context + 2, 1e-3, () => 0.5);
  const all = [...start];
  for (const _ of written) {
    const seen = all.slice(-context);
    const logits = (await model.forward(numbers([seen])).data()).slice(-vocabulary);
    all.push(logits.indexOf(Math.max(...logits)));
  }
  expect(written).toEqual(all.slice(2));
});

it('draws by the probabilities', async () => {
  const model = loaded();
  const logits = [...(await model.forward(numbers([[3]])).data())].map(Math.exp);
  const total = logits.reduce((a, b) => a + b);
  let below = 0;
  for (const [i, share] of logits.entries()) {
    const middle = (below + share / 2) / total;
    below += share;
    expect(await write(model, [3], 1, 1, () => middle)).toEqual([i]);
  }
});
