/** Random batches of commands without a device: values are terms written out, so that it shows which value went where. */
import type { Kernel, MapInput, MapLine, MapRead, MapStep, Tail } from '../../src/kernels/types.js';
import type { Memory } from '../../src/memory/memory.js';
import type { Command, Dispatch, Readback } from '../../src/stream/commands.js';
import { randomFrom } from './random.js';

type Value = string;

/** A kernel that can be run: on values of what it reads, in the order in which it binds them. */
interface Runnable extends Kernel {
  readonly run: (read: readonly Value[]) => readonly Value[];
}

/** Memory of two cells, or one of the two. */
interface Cells extends Pick<Memory, 'bytes' | 'id'> {
  readonly root: Cells;
  readonly cells: readonly number[];
  discarded: boolean;
}

const asMemory = (cells: Cells): Memory => cells as unknown as Memory;
const asCells = (memory: Memory): Cells => memory as unknown as Cells;

/** What a replay of something planned before does. */
interface Replay {
  readonly from: Cells;
  readonly to: Cells;
}

interface Line extends MapLine {
  readonly apply: (read: readonly Value[]) => Value;
}

/** An input, read at the same place or moved. */
const moved = (way: string, value: Value): Value => (way === '' ? value : `${way}(${value})`);
const wayOf = (input: MapInput): string => (input as MapInput & { way: string }).way;

const SHAPE = { workgroups: [1, 1, 1] as const, wgsl: '' };
const access = (reads: number, writes: number): Kernel['access'] => [
  ...Array<'read'>(reads).fill('read'),
  ...Array<'write'>(writes).fill('write'),
];

/** Steps one after the other; `first` is what the kernel itself makes, if that is no map. */
function follow(
  steps: readonly (MapStep | null)[],
  reads: readonly MapRead[],
  read: readonly Value[],
  first: Value,
  mayMove: (way: string) => boolean,
): Value[] {
  const made: Value[] = [];
  for (const step of steps) {
    const given = step?.from.map((at) => {
      const input = reads[at]?.[1];
      if (!input) return made[~at] ?? 'nothing';
      return moved(mayMove(wayOf(input)) ? wayOf(input) : '', read[at] ?? 'nothing');
    });
    const [like] = steps.flatMap((one) => one?.line.shape ?? []);
    const isLike = step?.line.shape[0] === like;
    made.push(step && given ? (isLike ? (step.line as Line).apply(given) : 'of another size') : first);
  }
  return made;
}

function together(steps: readonly MapStep[], reads: readonly MapRead[]): Runnable {
  const stored = steps.map(({ stored }) => stored);
  return {
    ...SHAPE,
    name: 'together',
    access: access(reads.length, stored.filter(Boolean).length),
    run: (read) => follow(steps, reads, read, '', () => true).filter((_, k) => stored[k]),
  };
}

interface TailOf extends Tail {
  readonly steps: readonly (MapStep | null)[];
  readonly reads: readonly MapRead[];
}

let maps = 0;

function mapOf(name: string, ways: readonly string[], size: number): Runnable {
  const inputs = ways.map((way, n) => ({ name: `x${n}`, type: 'f32' as const, way }));
  const apply = (read: readonly Value[]): Value => `${name}(${read.join(',')})`;
  const line: Line = { name, shape: [size], inputs, result: 'f32', value: '', apply };
  const behind = (
    steps: readonly (MapStep | null)[],
    reads: readonly MapRead[],
    _: number,
    keeps: boolean,
  ): TailOf => ({
    ...{ name: '', module: '', read: {}, write: {}, params: {} },
    ...{ keeps, steps, reads },
  });
  return {
    ...{ ...SHAPE, name, access: access(ways.length, 1) },
    map: { line, flat: { workgroup: 1, perInvocation: 1, vector: false }, id: maps++, size, ways, together, behind },
    run: (read) => [apply(read.map((value, n) => moved(ways[n] ?? '', value)))],
  };
}

/** A kernel that takes a tail, and a max-pool where it is a convolution. */
function product(name: string, size: number, isConvolution: boolean): Runnable {
  const made = (read: readonly Value[]): Value => `${name}(${read.slice(0, 2).join(',')})`;
  const withTail = (tail: Tail): Runnable => {
    const { steps, reads, keeps } = tail as TailOf;
    if (steps.some((step) => step && step.line.shape[0] !== size)) throw new Error('a tail of another size');
    const stored = steps.map((step) => step?.stored ?? keeps);
    return {
      ...{ ...SHAPE, name, access: access(2 + reads.length, stored.filter(Boolean).length) },
      // Each element at its own place, or the one there is.
      run: (read) =>
        follow(steps, reads, read.slice(2), made(read), (way) => way === '[0u]').filter((_, k) => stored[k]),
    };
  };
  const pooled = (height: number): Runnable | null => {
    if (height !== size) return null;
    return {
      ...{ ...SHAPE, name: 'pooled', access: access(2, 2) },
      run: (read) => poolOf(size).run([`relu(${made(read)})`]),
    };
  };
  return {
    ...{ ...SHAPE, name, access: access(2, 1), withTail, run: (read) => [made(read)] },
    ...(isConvolution && { pooled }),
  };
}

/** Max-pooling of planes of this height. */
const poolOf = (height: number): Runnable => ({
  ...{ ...SHAPE, name: 'pool', access: access(1, 2), pools: [height, 1] as const },
  run: ([x]) => [`most${height}(${x})`, `place${height}(${x})`],
});

const opaque = (reads: number, writes: number): Runnable => ({
  ...{ ...SHAPE, name: 'opaque', access: access(reads, writes) },
  run: (read) => Array.from({ length: writes }, (_, k) => `opaque${k}(${read.join(',')})`),
});

export interface Batch {
  readonly commands: readonly Command[];
  /** Memory that there was before. */
  readonly before: readonly Cells[];
  readonly all: readonly Cells[];
}

/** A batch, the same for the same seed. */
export function randomBatch(seed: number): Batch {
  const uniform = randomFrom(seed);
  const pick = (below: number): number => Math.floor(uniform() * below);
  const all: Cells[] = [];
  const make = (size: number): Cells => {
    const made = { id: all.length, bytes: 4 * size, cells: [0, 1], discarded: false };
    all.push(Object.assign(made, { root: made as unknown as Cells }));
    return all.at(-1) as Cells;
  };
  const before = [8, 8, 16, 16].map(make);
  let names = 1000;
  /** Mostly what was made last; sometimes half of it, under a name of its own. */
  const any = (size?: number): Cells => {
    const fitting = all.filter(({ bytes }) => size === undefined || bytes === 4 * size);
    const found = fitting[
      fitting.length - 1 - pick(uniform() < 0.7 ? Math.min(3, fitting.length) : fitting.length)
    ] as Cells;
    if (uniform() > 0.08) return found;
    return { ...found, root: found, id: names++, cells: [pick(2)] };
  };
  const dispatch = (kernel: Kernel, read: readonly Cells[], written: readonly Cells[], isFresh: boolean): Dispatch => ({
    ...{ kernel, memories: [...read, ...written].map(asMemory), fresh: isFresh ? written.map(asMemory) : [] },
  });
  const commands: Command[] = [];
  for (let n = 0; n < 30; n++) {
    const size = uniform() < 0.8 ? 8 : 16;
    const kind = pick(16);
    if (kind < 8) {
      const isRelu = pick(4) === 0;
      const ways = isRelu
        ? ['']
        : Array.from({ length: 1 + pick(3) }, () => ['', '', '', 't', '[0u]'][pick(5)] as string);
      const read = ways.map((way) => any(way === '' ? size : undefined));
      const [inPlace, inArena] = [pick(8) === 0, pick(8) === 0];
      const kernel = mapOf(isRelu ? 'relu' : `f${n}`, ways, size);
      const older = before[pick(before.length)] as Cells;
      // A gradient that moves where an older one lay: it is the first to be written there under its own name.
      const home = { ...older, root: older, id: names++, bytes: 4 * size, cells: [pick(2)] };
      commands.push(dispatch(kernel, read, [inPlace ? any(size) : inArena ? home : make(size)], !inPlace));
      if (inArena && !inPlace && pick(2) === 0) {
        commands.push(dispatch(mapOf(`h${n}`, [''], size), [home], [make(size)], true));
      }
    } else if (kind < 10) {
      commands.push(dispatch(product(`product${n}`, size, false), [any(), any()], [make(size)], true));
    } else if (kind < 12) {
      const read = [any(), any()];
      const made = make(size);
      commands.push(dispatch(product(`conv${n}`, size, true), read, [made], true));
      const other = pick(3) === 0 && commands.push({ from: asMemory(any()), to: asMemory(any()), bytes: 4 });
      const through = pick(4) === 0 && !other ? `g${n}` : 'relu';
      const z = make(size);
      commands.push(dispatch(mapOf(through, [''], size), [made], [z], true));
      if (pick(3) === 0) commands.push(dispatch(opaque(1, 1), [any()], [any()], false));
      commands.push(dispatch(poolOf(pick(5) === 0 ? 3 : size), [pick(5) === 0 ? any() : z], [make(2), make(2)], true));
    } else if (kind === 12) {
      commands.push(dispatch(opaque(2, 1), [any(), any()], [any()], false));
    } else if (kind === 13) {
      commands.push({ from: asMemory(any()), to: asMemory(any()), bytes: 4 });
    } else if (kind === 14) {
      commands.push({ from: asMemory(any()), staging: {}, bytes: 4, failure: null } as unknown as Readback);
    } else {
      const replay: Replay = { from: any(), to: any() };
      commands.push([replay] as unknown as Command);
    }
  }
  // What a replay or a reader outside names stays.
  const kept = commands.flatMap((command) => (Array.isArray(command) ? (command as unknown as Replay[]) : []));
  for (const one of all.slice(before.length)) {
    one.discarded = pick(5) > 0 && !kept.some(({ from, to }) => from.root === one || to.root === one);
  }
  return { commands, before, all };
}

/** Everything that can be seen after some commands: what was read back, in order, and what memory holds that may still be named. */
export function outcome(commands: readonly Command[], { before, all }: Batch): Value[] {
  const held = new Map<Cells, [Value, Value]>(before.map((one) => [one, [`b${one.id}#0`, `b${one.id}#1`]]));
  const seen: Value[] = [];
  const get = ({ root, cells }: Cells): Value => {
    const found = cells.map((cell) => held.get(root)?.[cell] ?? 'nothing');
    const [first = '', second] = found;
    if (second === undefined) return first;
    const whole = first.slice(0, -2);
    return first === `${whole}#0` && second === `${whole}#1` ? whole : `[${first},${second}]`;
  };
  const set = ({ root, cells }: Cells, value: Value): void => {
    const now = held.get(root) ?? ['nothing', 'nothing'];
    held.set(root, now);
    for (const cell of cells) now[cell] = cells.length > 1 ? `${value}#${cell}` : value;
  };
  const copy = ({ from, to }: Replay): void => set(to, `copy(${get(from)})`);
  for (const command of commands) {
    if (Array.isArray(command)) (command as unknown as Replay[]).forEach(copy);
    else if ('kernel' in command) {
      const { kernel, memories } = command;
      const bound = (way: 'read' | 'write') => memories.filter((_, i) => kernel.access[i] === way).map(asCells);
      const made = (kernel as Runnable).run(bound('read').map(get));
      bound('write').forEach((one, k) => {
        set(one, made[k] ?? 'nothing');
      });
    } else if ('to' in command) copy({ from: asCells(command.from), to: asCells(command.to) });
    else if ('staging' in command) seen.push(get(asCells(command.from)));
  }
  return [...seen, ...all.map((one) => (one.discarded ? '' : get(one)))];
}
