/**
 * Random programs, of which plans make as few launches as they can (src/stream/fuse.ts): every tensor and every gradient has to
 * have the bits that it has when each operation is submitted alone.
 */

import type { Tensor } from 'kindling';
import * as k from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';
import { flush } from '../../src/stream/stream.js';
import { randomFrom } from '../support/random.js';

/** How many programs; `npm run ci:long` asks for a thousand. */
const PROGRAMS = Number(globalThis.process?.env?.KINDLING_GRAPHS ?? 8);
const SIDE = 8;

type Pick = (below: number) => number;
/** One instruction: makes a tensor of those before it, or changes one. Square matrices all, so that any can meet any. */
type Instruction = (all: readonly Tensor[], leaves: readonly Tensor[]) => Tensor | null;

const UNARY: readonly ((x: Tensor) => Tensor)[] = [
  k.relu,
  k.sigmoid,
  k.neg,
  k.abs,
  k.square,
  (x) => k.clamp(x, { min: -0.5, max: 2 }),
  (x) => k.leakyRelu(x, { negativeSlope: 0.25 }),
];
const BINARY: readonly ((a: Tensor, b: Tensor) => Tensor)[] = [k.add, k.sub, k.mul, k.maximum, k.minimum];

/** Reads of the same elements in another place, and of fewer of them. */
const MOVED: readonly ((x: Tensor) => Tensor)[] = [
  (x) => k.transpose(x, 0, 1),
  (x) => k.flip(x, 1),
  (x) => k.expand(k.narrow(x, 0, 2, 1), [SIDE, SIDE]),
  (x) => k.expand(k.narrow(x, 1, 3, 1), [SIDE, SIDE]),
  (x) => k.sum(x, { dim: 1, keepdim: true }).mul(0.25).expand([SIDE, SIDE]),
  (x) => k.cat([k.narrow(x, 0, 4, 4), k.narrow(x, 0, 0, 4)], 0),
  (x) => k.reshape(k.reshape(x, [-1]).add(1), [SIDE, SIDE]),
];

function instruction(pick: Pick, made: number): Instruction {
  const recent = (): number => made - 1 - pick(Math.min(made, 4));
  const [i, j, kind] = [recent(), pick(made), pick(12)];
  const [unary, binary, moved] = [UNARY, BINARY, MOVED].map((list) => pick(list.length)) as [number, number, number];
  const at = (all: readonly Tensor[], n: number): Tensor => all[n] as Tensor;
  if (kind < 3) return (all) => (UNARY[unary] as (x: Tensor) => Tensor)(at(all, i));
  if (kind < 7) return (all) => (BINARY[binary] as (a: Tensor, b: Tensor) => Tensor)(at(all, i), at(all, j));
  if (kind < 8) return (all) => k.where(k.gt(at(all, i), at(all, j)), at(all, j), 0.5);
  if (kind < 10) return (all) => (MOVED[moved] as (x: Tensor) => Tensor)(at(all, i));
  if (kind < 11) return (all) => F.linear(at(all, i), at(all, j).mul(0.125));
  // In place, on what no tape remembers: later reads see it, earlier ones do not.
  return (all, leaves) => {
    k.noGrad(() => (leaves[0] as Tensor).copy_(at(all, i).detach().mul(0.5)));
    return null;
  };
}

function program(seed: number): { run: (leaves: readonly Tensor[], after: () => void) => Tensor[]; text: string } {
  const uniform = randomFrom(seed);
  const pick: Pick = (below) => Math.floor(uniform() * below);
  const instructions: Instruction[] = [];
  // Slot 0 is the leaf that is written in place; its gradient is nobody's.
  for (let made = 3; made < 14; made++) instructions.push(instruction(pick, made));
  const freed = pick(3) === 0;
  const run = (leaves: readonly Tensor[], after: () => void): Tensor[] => {
    const all = [k.mul(leaves[0] as Tensor, 1), ...leaves.slice(1)];
    after();
    for (const each of instructions) {
      const made = each(all, leaves);
      all.push(made ?? k.add(leaves[0] as Tensor, 0));
      after();
    }
    const ends = [k.mul(all[1] as Tensor, all[2] as Tensor), all.at(-1) as Tensor, all.at(-3) as Tensor];
    const loss = ends.map((one) => k.sum(one)).reduce((a, b) => k.add(a, b));
    after();
    loss.backward();
    after();
    const grads = leaves.slice(1).map(({ grad }) => grad ?? k.zeros([1]));
    const results = [all.at(-1) as Tensor, all.at(-4) as Tensor, k.mul(leaves[0] as Tensor, 1), loss, ...grads];
    if (freed) for (const one of all.slice(5, 8)) if (!results.includes(one) && !leaves.includes(one)) one.dispose();
    return results;
  };
  return { run, text: `KINDLING_GRAPHS, program ${seed}` };
}

const leavesFor = (seed: number): Tensor[] => {
  const uniform = randomFrom(seed + 1000);
  return [false, true, true].map((requiresGrad) => {
    const data = Float32Array.from({ length: SIDE * SIDE }, () => uniform() * 4 - 2);
    return k.keep(k.tensor(data, { requiresGrad }).reshape([SIDE, SIDE]).detach().requiresGrad_(requiresGrad));
  });
};

const bits = async (tensors: readonly Tensor[]): Promise<number[][]> =>
  Promise.all(
    tensors.map(async (one) => Array.from(new Uint32Array((await one.data()).buffer as ArrayBuffer).slice())),
  );

/** What a program leaves behind when it is run on leaves made anew. */
async function outcome(
  seed: number,
  call: (run: () => Tensor[]) => Tensor[],
  after: () => void = () => {},
): Promise<number[][]> {
  const leaves = leavesFor(seed);
  const { run } = program(seed);
  return bits(call(() => run(leaves, after)));
}

test.each(Array.from({ length: Math.ceil(PROGRAMS / 20) }, (_, n) => n))(
  'twenty random programs, from number %i times twenty',
  { timeout: 600_000 },
  async (n) => {
    for (let seed = n * 20; seed < Math.min(PROGRAMS, n * 20 + 20); seed++) {
      const { text, run } = program(seed);
      const alone = await outcome(
        seed,
        (body) => body(),
        () => flush(undefined, 'never'),
      );
      // What runs a second time is put together.
      for (const turn of ['once', 'again']) {
        expect(await outcome(seed, (body) => body()), `${text}, outside of steps, ${turn}`).toEqual(alone);
      }
      expect(await outcome(seed, k.step), `${text}, in a step`).toEqual(alone);
      const leaves = leavesFor(seed);
      const begin = leaves.map((one) => k.keep(one.detach().clone()));
      const captured = k.capture(() => run(leaves, () => {}));
      for (const call of ['first', 'recorded', 'replayed', 'replayed again']) {
        k.noGrad(() => {
          for (const [i, leaf] of leaves.entries()) leaf.copy_(begin[i] as Tensor);
        });
        for (const leaf of leaves) leaf.grad = null;
        expect(await bits(captured()), `${text}, ${call}`).toEqual(alone);
      }
    }
  },
);

test('elements of a vector, read one by one into one launch, are not each other', async () => {
  const x = k.keep(k.tensor([3, 5, 7]));
  const sums = k.step(() =>
    [0, 1, 2].map((i) => k.select(x, 0, i).mul(2)).concat(k.select(x, 0, 2).add(k.select(x, 0, 1))),
  );
  expect(await Promise.all(sums.map((one) => one.item()))).toEqual([6, 10, 14, 12]);
});
