/**
 * Maps that read each other, or the same, become one launch (`src/kernels/map.ts`), and maps of what a product makes become its
 * tail; a convolution, its ReLU and the max-pool of that are one too. What one makes for another is then never written, unless
 * somebody else reads it or may still name it.
 *
 * Commands stay in their order, except that a map moves up to the launch that it joins: no further than the last command that
 * writes what it reads, and behind every command that names the memory that it writes: a range of an arena, say.
 */
import { device, perDevice } from '../gpu/device.js';
import type { Kernel, MapInput, MapParts, MapRead, MapStep } from '../kernels/types.js';
import type { Memory } from '../memory/memory.js';
import { type Command, type Dispatch, isPlanned, memoriesOf, writtenBy } from './commands.js';

/** Maps in one launch: what is longer takes long to compile, and runs out of registers. */
const MOST = 24;

/** So many launches back a map looks for one to join. */
const NEAR = 16;

const outputOf = ({ memories }: Dispatch): Memory => memories.at(-1) as Memory;

const rootsOf = (command: Command): Set<Memory> => new Set(memoriesOf(command).map(({ root }) => root));

/** How many of these commands name a memory. */
function countsOf(commands: readonly Command[]): ReadonlyMap<Memory, number> {
  const counts = new Map<Memory, number>();
  for (const command of commands) for (const root of rootsOf(command)) counts.set(root, (counts.get(root) ?? 0) + 1);
  return counts;
}

/** Of each of these whether what it makes has to exist: other commands of all name it, or still may. */
function stored(maps: readonly Dispatch[], all: ReadonlyMap<Memory, number>): boolean[] {
  const inside = countsOf(maps);
  return maps.map((map) => {
    const { root } = outputOf(map);
    return !root.discarded || inside.get(root) !== all.get(root);
  });
}

/** Commands that will be one launch: maps, in order, the first of which may be another kernel that takes a tail. */
class Cluster {
  readonly #maps: Dispatch[] = [];
  /** For each of them, and each of its inputs, the number of what is bound, or ~n for what the nth of them makes. */
  readonly #from: number[][] = [];
  /** What is bound: a memory for each way in which it is read, by both. */
  #reads = new Map<string, { memory: Memory; read: MapRead }>();
  /** A convolution, its ReLU and the max-pool of that. */
  #pooled: Dispatch | null = null;

  constructor(first: Dispatch) {
    if (!first.kernel.map || !this.take(first, new Map())) this.#add(first, []);
  }

  #add(map: Dispatch, from: number[]): void {
    this.#maps.push(map);
    this.#from.push(from);
  }

  /** Adds a command, if it is one that belongs here. @param all how many commands name a memory */
  take(command: Dispatch, all: ReadonlyMap<Memory, number>): boolean {
    const maps = this.#maps;
    const [first] = maps;
    const { map } = command.kernel;
    const next = [...maps, command];
    if (next.length > MOST) return false;
    if (!map) {
      const [, relu] = maps;
      const belongs =
        relu?.kernel.map?.line.name === 'relu' &&
        !maps[2] &&
        outputOf(relu) === command.memories[0] &&
        !stored(next, all).slice(0, 2).includes(true);
      const { pools } = command.kernel;
      const kernel = belongs && pools && first?.kernel.pooled?.(...pools);
      if (!first || !kernel) return false;
      const memories = [...first.memories.slice(0, -1), ...command.memories.slice(1)];
      this.#pooled = { kernel, memories, fresh: command.fresh, parts: next };
      return true;
    }
    const { size, line, ways } = map;
    const inputs = command.memories.slice(0, -1);
    const base = first && !first.kernel.map ? first : null;
    if (first && size !== (first.kernel.map?.size ?? outputOf(first).bytes / 4)) return false;
    const made = maps.map(outputOf);
    const named = countsOf(maps);
    // It reads what they make, or what other maps read.
    const isNear = (memory: Memory): boolean => (base ? made.includes(memory) : named.has(memory.root));
    if (first && !inputs.some(isNear)) return false;
    const reads = new Map(this.#reads);
    const from = inputs.map((memory, i) => {
      const [way = '', input] = [ways[i], line.inputs[i] as MapInput];
      const step = made.indexOf(memory);
      if (step >= 0) return way === '' ? ~step : Number.NaN;
      // A product finds no other place for an element than its own; and what is made here cannot be read otherwise.
      const elsewhere = base && way !== '' && way !== '[0u]';
      if (elsewhere || made.some(({ root }) => root === memory.root)) return Number.NaN;
      const key = `${memory.id}${input.type}${way}`;
      if (!reads.has(key)) reads.set(key, { memory, read: [line, input] });
      return [...reads.keys()].indexOf(key);
    });
    const bound = (base ? base.memories.length - 1 : 0) + reads.size + stored(next, all).filter(Boolean).length;
    if (from.some(Number.isNaN) || (first && bound > device().limits.maxStorageBuffersPerShaderStage)) return false;
    this.#reads = reads;
    this.#add(command, from);
    return true;
  }

  /** The one launch; or each map's own, where it would be a kernel that was not asked for before. @param mayBeNew whether it may be */
  launch(all: ReadonlyMap<Memory, number>, mayBeNew: boolean): readonly Dispatch[] {
    const maps = this.#maps;
    const first = maps[0] as Dispatch;
    const { kernel } = first;
    const own = kernel.map ? [] : first.memories.slice(0, -1);
    if (this.#pooled) return [this.#pooled];
    if (maps.length === 1) return maps;
    const isStored = stored(maps, all);
    const key = JSON.stringify([maps.map((one) => one.kernel.map?.id), this.#from, isStored]);
    const known = kernels().get(kernel) ?? new Map<string, Kernel | null>();
    kernels().set(kernel, known);
    if (known.size === MOST_KEPT && !known.has(key)) known.clear();
    const reads = [...this.#reads.values()];
    const fresh = maps.map(outputOf).filter((_, i) => isStored[i]);
    const make = (): Kernel => {
      const read = reads.map((one) => one.read);
      const steps = maps.map(({ kernel: { map } }, i): MapStep | null =>
        map ? { line: map.line, from: this.#from[i] ?? [], stored: isStored[i] ?? false } : null,
      );
      const last = maps.at(-1)?.kernel.map as MapParts;
      return kernel.withTail
        ? kernel.withTail(last.behind(steps, read, last.size, isStored[0] === true))
        : last.together(steps as MapStep[], read, (kernel.map as MapParts).flat);
    };
    const joint = known.get(key) ?? (mayBeNew || known.has(key) ? make() : null);
    known.set(key, joint);
    if (!joint) return maps;
    return [{ kernel: joint, memories: [...own, ...reads.map(({ memory }) => memory), ...fresh], fresh, parts: maps }];
  }
}

/** The kernels made so far, by the first that is in them, and what else; null where one was asked for and not made. */
const kernels = /* @__PURE__ */ perDevice(() => new WeakMap<Kernel, Map<string, Kernel | null>>());
const MOST_KEPT = 64;

/**
 * The same commands, of which some launch several.
 *
 * @param mayBeNew whether kernels may be made at once; otherwise only those that are asked for a second time
 */
export function fused(commands: readonly Command[], mayBeNew: boolean): Command[] {
  const all = countsOf(commands);
  const places: (Command | Cluster)[] = [];
  /** Where memory was last written, and last named. */
  const wrote = new Map<Memory, number>();
  const named = new Map<Memory, number>();
  let from = 0;
  for (const command of commands) {
    let place = -1;
    let one: Command | Cluster = command;
    if ('kernel' in command) {
      const { map, pools, withTail } = command.kernel;
      const isOne = command.fresh.length === 1;
      if (map ? isOne : pools) {
        // A gradient may lie where an older one lay that commands before read.
        const outputs = command.fresh.map(({ root }) => (named.get(root) ?? -1) + 1);
        const inputs = command.memories.map(({ root }) => wrote.get(root) ?? 0);
        const earliest = Math.max(from, places.length - NEAR, ...outputs, ...inputs);
        place = places.findLastIndex(
          (other, k) => k >= earliest && other instanceof Cluster && other.take(command, all),
        );
      }
      if (isOne && (map || withTail)) one = new Cluster(command);
    }
    if (place < 0) place = places.push(one) - 1;
    // Nothing is known of what was planned before: nothing moves across.
    if (isPlanned(command)) from = places.length;
    for (const root of rootsOf(command)) named.set(root, Math.max(place, named.get(root) ?? 0));
    for (const { root } of writtenBy(command)) wrote.set(root, Math.max(place, wrote.get(root) ?? 0));
  }
  return places.flatMap((one): readonly Command[] => (one instanceof Cluster ? one.launch(all, mayBeNew) : [one]));
}
