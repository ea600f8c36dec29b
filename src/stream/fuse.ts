/**
 * Maps that read each other, or the same, become one launch (`src/kernels/map.ts`), and maps of what a product makes become its
 * tail. What one makes for another is then never written, unless somebody else reads it or may still name it.
 *
 * Commands stay in their order, except that a map moves up to the launch that it joins: no further than the last command that
 * writes what it reads. What it writes must be memory that no command before it names.
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

type Counts = ReadonlyMap<Memory, number>;

/** Maps that will be one launch, in order, the first of which may be a product instead. */
class Cluster {
  readonly #base: Dispatch | null;
  readonly #size: number;
  readonly #maps: Dispatch[] = [];
  readonly #from: number[][] = [];
  /** What they make, by the number of the map that makes it. */
  readonly #made = new Map<Memory, number>();
  /** What maps read: a memory for each way in which it is read, by both. */
  readonly #reads = new Map<string, { memory: Memory; read: MapRead }>();
  /** How many of them name a memory. */
  readonly #inside = new Map<Memory, number>();

  constructor(first: Dispatch) {
    const { map } = first.kernel;
    this.#base = map ? null : first;
    this.#size = map?.size ?? outputOf(first).bytes / 4;
    if (!map) this.#add(first, []);
  }

  /** Adds a map, if it is one that belongs here. @param total how many commands name a memory */
  take(map: Dispatch, { size, line, ways }: MapParts, total: Counts): boolean {
    const output = outputOf(map);
    const inputs = map.memories.slice(0, -1);
    const others = this.#maps.length;
    if (size !== this.#size || others === MOST || this.#inside.has(output.root)) return false;
    // It reads what they make, or what other maps read.
    const isNear = (memory: Memory): boolean => (this.#base ? this.#made.has(memory) : this.#inside.has(memory.root));
    if (others > 0 && !inputs.some(isNear)) return false;
    const reads = new Map(this.#reads);
    const from = inputs.map((memory, i) => {
      const [way = '', input] = [ways[i], line.inputs[i] as MapInput];
      const step = this.#made.get(memory);
      if (step !== undefined) return way === '' ? ~step : Number.NaN;
      // A product finds no other place for an element than its own.
      if (this.#base && way !== '' && way !== '[0u]') return Number.NaN;
      const key = `${memory.id}${input.type}${way}`;
      if (!reads.has(key)) reads.set(key, { memory, read: [line, input] });
      return [...reads.keys()].indexOf(key);
    });
    const makes = new Set([...this.#made.keys()].map(({ root }) => root));
    if (from.some((n, i) => Number.isNaN(n) || (n >= 0 && makes.has((inputs[i] as Memory).root)))) return false;
    const named = new Set(map.memories.map(({ root }) => root));
    const stored = [...this.#made.keys(), output].filter((memory) => this.#isStored(memory, total, named));
    const own = this.#base ? this.#base.memories.length - 1 : 0;
    const most = device().limits.maxStorageBuffersPerShaderStage;
    if (others > 0 && own + stored.length + reads.size > most) return false;
    for (const [key, read] of reads) this.#reads.set(key, read);
    this.#add(map, from);
    return true;
  }

  #add(map: Dispatch, from: number[]): void {
    for (const root of new Set(map.memories.map(({ root }) => root))) {
      this.#inside.set(root, (this.#inside.get(root) ?? 0) + 1);
    }
    this.#made.set(outputOf(map), this.#maps.push(map) - 1);
    this.#from.push(from);
  }

  /** Whether what a map makes has to exist: others name it, or still may. @param besides what one map more names */
  #isStored({ root }: Memory, total: Counts, besides?: ReadonlySet<Memory>): boolean {
    const inside = (this.#inside.get(root) ?? 0) + (besides?.has(root) ? 1 : 0);
    return !root.discarded || inside < (total.get(root) ?? 0);
  }

  /** The one launch; or each map's own, where it would be a kernel that was not asked for before. @param mayBeNew whether it may be */
  launch(total: Counts, mayBeNew: boolean): readonly Dispatch[] {
    const [maps, base] = [this.#maps, this.#base];
    const first = maps[0] as Dispatch;
    if (maps.length === 1) return maps;
    const reads = [...this.#reads.values()];
    const stored = maps.map((map) => this.#isStored(outputOf(map), total));
    const steps = maps.map(({ kernel: { map } }, i): MapStep | null =>
      map ? { line: map.line, from: this.#from[i] ?? [], stored: stored[i] ?? false } : null,
    );
    const fresh = maps.map(outputOf).filter((_, i) => stored[i]);
    const memories = [...(base?.memories.slice(0, -1) ?? []), ...reads.map(({ memory }) => memory), ...fresh];
    const key = JSON.stringify([maps.map(({ kernel }) => kernel.map?.id), this.#from, stored]);
    const known = kernels().get(first.kernel) ?? new Map<string, Kernel | null>();
    kernels().set(first.kernel, known);
    if (known.size === MOST_KEPT && !known.has(key)) known.clear();
    if (!mayBeNew && !known.has(key)) {
      known.set(key, null);
      return maps;
    }
    const make = (): Kernel => {
      const { map, withTail } = first.kernel;
      const read = reads.map((one) => one.read);
      if (map) return map.together(steps as MapStep[], read, map.flat);
      const last = maps.at(-1)?.kernel.map as MapParts;
      return (withTail as NonNullable<typeof withTail>)(last.behind(steps, read, this.#size, stored[0] === true));
    };
    const kernel = known.get(key) ?? make();
    known.set(key, kernel);
    return [{ kernel, memories, fresh, parts: maps }];
  }
}

/** The kernels made so far, by the first that is in them, and what else; null where one was asked for and not made. */
const kernels = /* @__PURE__ */ perDevice(() => new WeakMap<Kernel, Map<string, Kernel | null>>());
const MOST_KEPT = 64;

/**
 * The same commands, of which some launch several maps.
 *
 * @param mayBeNew whether kernels may be made at once; otherwise only those that are asked for a second time
 */
export function fused(commands: readonly Command[], mayBeNew: boolean): Command[] {
  const places: (Command | Cluster)[] = [];
  /** Where memory was last written, and last named; and how many commands name it. */
  const wrote = new Map<Memory, number>();
  const named = new Map<Memory, number>();
  const total = new Map<Memory, number>();
  const rootsOf = (memories: readonly Memory[]): Set<Memory> => new Set(memories.map(({ root }) => root));
  for (const command of commands) {
    for (const root of rootsOf(memoriesOf(command))) total.set(root, (total.get(root) ?? 0) + 1);
  }
  let from = 0;
  for (const command of commands) {
    const isOne = 'kernel' in command && command.fresh.length === 1;
    const map = isOne && command.kernel.map;
    let place = -1;
    if (map) {
      const written = (named.get(outputOf(command).root) ?? -1) + 1;
      const inputs = command.memories.map(({ root }) => wrote.get(root) ?? 0);
      const earliest = Math.max(from, places.length - NEAR, written, ...inputs);
      place = places.findLastIndex(
        (one, k) => k >= earliest && one instanceof Cluster && one.take(command, map, total),
      );
    }
    if (place < 0) {
      const cluster = isOne && (map || command.kernel.withTail) ? new Cluster(command) : command;
      if (map) (cluster as Cluster).take(command, map, total);
      place = places.push(cluster) - 1;
    }
    // Nothing is known of what was planned before: nothing moves across.
    if (isPlanned(command)) from = places.length;
    for (const { root } of memoriesOf(command)) named.set(root, Math.max(place, named.get(root) ?? 0));
    for (const { root } of writtenBy(command)) wrote.set(root, Math.max(place, wrote.get(root) ?? 0));
  }
  return places.flatMap((one): readonly Command[] => (one instanceof Cluster ? one.launch(total, mayBeNew) : [one]));
}
