/** A damaged checkpoint is refused whatever the damage, and changes nothing. */
import { type HostTensor, loadCheckpoint, readSafetensors, saveCheckpoint } from 'kindling/io';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Generator } from '../../src/tensor/generator.js';
import { bytesOf, fresh, type Run, type State, type Tensors, train, unsummed } from '../support/checkpointRun.js';

const asI32 = ({ shape, data }: HostTensor): HostTensor => ({ dtype: 'i32', shape, data: new Int32Array(data.length) });
const group = ({ optimizer }: State): Record<string, unknown> => optimizer.paramGroups[0] ?? {};
const held = ({ optimizer }: State): Record<string, unknown> => optimizer.state[0] ?? {};

describe('a damaged checkpoint', () => {
  let good: Uint8Array;
  let run: Run;
  let before: Uint8Array;
  beforeAll(async () => {
    const other = fresh(2);
    await train(other, 3);
    good = await saveCheckpoint({ ...other, user: { losses: [1, 2] } });
    run = fresh(1);
    await train(run, 2);
  });
  beforeEach(async () => {
    before = await bytesOf(run);
  });

  it('is taken where nothing was changed, with a checksum and without', async () => {
    const into = fresh(3);
    loadCheckpoint(good, into);
    const now = await saveCheckpoint({ ...into, user: { losses: [1, 2] } });
    expect(now).toEqual(good);
    const without = fresh(4);
    loadCheckpoint(
      unsummed(good, () => {}),
      without,
    );
    expect(await bytesOf(without)).toEqual(await bytesOf(into));
  });

  it.each<[string, (state: State, tensors: Tensors) => void, RegExp]>([
    [
      'a weight of i32',
      (_, t) => t.set('model.fc1.bias', asI32(t.get('model.fc1.bias') as HostTensor)),
      /i32, not f32/,
    ],
    [
      'a moment of i32',
      (_, t) => t.set('optimizer.0.exp_avg', asI32(t.get('optimizer.0.exp_avg') as HostTensor)),
      /exp_avg of parameter 0 is i32/,
    ],
    [
      'a moment of another shape',
      (_, t) => t.set('optimizer.0.exp_avg', t.get('optimizer.1.exp_avg') as HostTensor),
      /exp_avg of parameter 0 is \[16\], the parameter \[16, 6\]/,
    ],
    ['no moment', (_, t) => t.delete('optimizer.1.exp_avg_sq'), /no exp_avg_sq for parameter 1/],
    [
      'a tensor for a number',
      (_, t) => t.set('optimizer.0.step', t.get('optimizer.0.exp_avg') as HostTensor),
      /'optimizer.0.step' belongs to nothing/,
    ],
    [
      'a state of no parameter',
      (s) => {
        s.optimizer.state[7] = { step: 1 };
      },
      /parameter 7, which is in none/,
    ],
    ['no state of a parameter', (s) => delete s.optimizer.state[1], /belongs to nothing/],
    ['no step', (s) => delete held(s).step, /parameter 0 has made undefined steps/],
    ['step -5', (s) => Object.assign(held(s), { step: -5 }), /made -5 steps/],
    ['step 0', (s) => Object.assign(held(s), { step: 0 }), /made 0 steps/],
    ['step 1.5', (s) => Object.assign(held(s), { step: 1.5 }), /made 1.5 steps/],
    ['a text for a number', (s) => Object.assign(held(s), { mu: 'x' }), /mu of parameter 0 is neither/],
    [
      'parameters that are none',
      (s) => Object.assign(group(s), { params: ['x', 1, 2, 3] }),
      /numbers parameter 0 as "x"/,
    ],
    ['a parameter twice', (s) => Object.assign(group(s), { params: [0, 0, 2, 3] }), /names none or two/],
    ['lr 1e308', (s) => Object.assign(group(s), { lr: 1e308 }), /lr of group 0 is 1e\+308|beyond the range of float32/],
    ['lr -1', (s) => Object.assign(group(s), { lr: -1 }), /lr -1 is not a number from 0/],
    ['lr "0.1"', (s) => Object.assign(group(s), { lr: '0.1' }), /lr of group 0 is "0.1" in the state/],
    ['no lr', (s) => delete group(s).lr, /lr of group 0 is undefined/],
    ['one beta', (s) => Object.assign(group(s), { betas: [0.9] }), /betas of group 0 is \[0.9\]/],
    ['amsgrad 1', (s) => Object.assign(group(s), { amsgrad: 1 }), /amsgrad of group 0 is 1/],
    ['a kind that is no text', (s) => Object.assign(s.optimizer, { kind: 3 }), /name of the optimizer is no text/],
    ['no groups', (s) => Object.assign(s.optimizer, { paramGroups: {} }), /no parameter groups/],
    ['random: true', (s) => Object.assign(s, { random: true }), /setRandomState: true is no state/],
    ['random.seed "x"', (s) => Object.assign(s, { random: { seed: 'x', step: 1, created: 1 } }), /is no state/],
    ['random.step -1', (s) => Object.assign(s, { random: { seed: 0, step: -1, created: 1 } }), /is no state/],
    ['no random state', (s) => delete s.random, /undefined is no state/],
    ["the loader's batch 0.5", (s) => Object.assign(s, { loader: { epoch: 0, batch: 0.5 } }), /is no two counts/],
    ['the scheduler as text', (s) => Object.assign(s, { scheduler: 'x' }), /the scheduler is no object/],
    ["the scheduler's rate", (s) => Object.assign(s.scheduler as object, { options: { gamma: 'x' } }), /option gamma/],
    ['a part that is unknown', (s) => Object.assign(s, { schedular: {} }), /unknown part, schedular/],
  ])('is refused for %s, and nothing changes', async (_, change, message) => {
    expect(() => loadCheckpoint(unsummed(good, change), run)).toThrow(message);
    expect(await bytesOf(run)).toEqual(before);
  });

  it('is refused whatever bytes were changed, and nothing changes', async () => {
    const generator = new Generator(11);
    const any = (): number => generator.integer(good.length);
    for (let i = 0; i < 300; i++) {
      let bytes = good.slice();
      const [a, b] = [any(), any()];
      const kind = i % 4;
      if (kind === 0) bytes[a] = (bytes[a] as number) ^ (1 << generator.integer(8));
      else if (kind === 1) bytes = bytes.slice(0, a);
      else if (kind === 2) bytes.copyWithin(a, b, b + 1 + generator.integer(64));
      else bytes.fill(generator.integer(256), a, a + 1 + generator.integer(64));
      if (String(bytes) === String(good)) continue;
      expect(() => loadCheckpoint(bytes, run), `case ${i}`).toThrow(expect.objectContaining({ name: 'KindlingError' }));
    }
    expect(await bytesOf(run)).toEqual(before);
  });

  it('is refused whatever its state lacks or has of another type, and nothing changes', async () => {
    const generator = new Generator(12);
    const others = [null, 'x', -1, 1.5, true, [], {}, [null], 1e300];
    const pick = <T>(list: readonly T[]): T => list[generator.integer(list.length)] as T;
    let tried = 0;
    for (let i = 0; i < 300; i++) {
      let harmless = false;
      const bytes = unsummed(good, (state) => {
        const part = pick(['optimizer', 'optimizer', 'scheduler', 'loader', 'random']);
        let owner: Record<string, unknown> = state;
        let key = part;
        const path = [part];
        while (typeof owner[key] === 'object' && owner[key] !== null && generator.integer(4) > 0) {
          const keys = Object.keys(owner[key] as object);
          if (keys.length === 0) break;
          owner = owner[key] as Record<string, unknown>;
          key = pick(keys);
          path.push(key);
        }
        const value = pick(others);
        const removed = !Array.isArray(owner) && generator.integer(3) === 0;
        // What is as good as before: another number in its range, what only a scheduler knows, what older files lack.
        const isNumber = typeof value === 'number' && typeof owner[key] === 'number' && !removed;
        harmless = isNumber || path.includes('initialLr') || (removed && key === 'kind');
        if (removed) delete owner[key];
        else owner[key] = value;
      });
      if (harmless) continue;
      tried++;
      const outcome = (): unknown => loadCheckpoint(bytes, run);
      expect(outcome, readSafetensors(bytes).metadata.state).toThrow(
        expect.objectContaining({ name: 'KindlingError' }),
      );
    }
    expect(tried).toBeGreaterThan(200);
    expect(await bytesOf(run)).toEqual(before);
  });
});
