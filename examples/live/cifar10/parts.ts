/**
 * Pictures in binary form, some thousand in a part. A part's name says which pictures it has, of how many, from where, and the SHA-256
 * of its bytes. So no list of parts is needed that could disagree with them: a part that was not written to its end does not have
 * what its name says, and counts as missing.
 */
import type { Have, RealSplit, Split } from '../shared/cifar10.js';
import { apart, type Bytes, countsOf, RECORD, sha256 } from './records.js';
import type { Shelf } from './shelf.js';

/** Pictures in a row. */
export interface Stretch {
  /** Where they come from: a word of letters and digits. */
  readonly origin: string;
  readonly split: Split;
  readonly first: number;
  readonly count: number;
  /** Pictures of the whole split. */
  readonly total: number;
}

interface Part extends Stretch {
  readonly name: string;
  readonly sha256: string;
  readonly shelf: Shelf;
}

const NAME = /^([a-z\d]+)-(train|test)-(\d+)-(\d+)-of-(\d+)-([\da-f]{64})\.bin$/;

function partOf(name: string, shelf: Shelf): Part | null {
  const [, origin, split, first, count, total, sha] = NAME.exec(name) ?? [];
  if (origin === undefined || sha === undefined) return null;
  const numbers = { first: Number(first), count: Number(count), total: Number(total) };
  return { name, origin, split: split as Split, ...numbers, sha256: sha, shelf };
}

const same = (a: Stretch, b: Stretch): boolean =>
  a.origin === b.origin && a.split === b.split && a.first === b.first && a.count === b.count && a.total === b.total;

export class Parts {
  #parts: readonly Part[] = [];
  readonly #kept: Shelf | null;
  readonly #memory: Shelf;
  /** Why parts are in memory; empty while none has to be. */
  notKept: string;

  private constructor(kept: Shelf | null, memory: Shelf, why: string) {
    this.#kept = kept;
    this.#memory = memory;
    this.notKept = why;
  }

  /** @param kept null where the browser keeps nothing; `why` then says so */
  static async open(kept: Shelf | null, memory: Shelf, why = ''): Promise<Parts> {
    const parts = new Parts(kept, memory, why);
    await parts.refresh();
    return parts;
  }

  /** Looks again: another page may have brought some, or removed them. */
  async refresh(): Promise<void> {
    const parts: Part[] = [];
    for (const shelf of this.#kept ? [this.#kept, this.#memory] : [this.#memory]) {
      for (const name of await shelf.names()) {
        const part = partOf(name, shelf);
        if (part) parts.push(part);
      }
    }
    this.#parts = parts;
  }

  /** Bytes of all that is here. */
  get bytes(): number {
    return this.#parts.reduce((sum, { count }) => sum + count * RECORD, 0);
  }

  has(stretch: Stretch): boolean {
    return this.#parts.some((part) => same(part, stretch));
  }

  /** Keeps pictures; in memory, where the browser refuses to. */
  async put(stretch: Stretch, records: Bytes): Promise<void> {
    const { origin, split, first, count, total } = stretch;
    const name = `${origin}-${split}-${first}-${count}-of-${total}-${await sha256(records)}.bin`;
    const shelf = (this.#kept && (await this.#keep(name, records))) || this.#memory;
    if (shelf === this.#memory) await shelf.write(name, records);
    const part = partOf(name, shelf);
    if (part) this.#parts = [...this.#parts, part];
  }

  async #keep(name: string, records: Bytes): Promise<Shelf | null> {
    try {
      await this.#kept?.write(name, records);
      return this.#kept;
    } catch (error) {
      const full = error instanceof DOMException && error.name === 'QuotaExceededError';
      this.notKept = full ? 'the browser has no more room' : `the browser does not store it (${messageOf(error)})`;
      await this.#kept?.remove(name).catch(() => undefined);
      return null;
    }
  }

  /** The parts of a split that follow one another from its first picture on. */
  #row(origin: string, split: Split): { parts: Part[]; have: Have } {
    const own = this.#parts.filter((part) => part.origin === origin && part.split === split);
    const parts: Part[] = [];
    let count = 0;
    for (;;) {
      const next = own.find(({ first }) => first === count);
      if (!next) return { parts, have: { count, total: own[0]?.total ?? null } };
      parts.push(next);
      count += next.count;
    }
  }

  have(origin: string): Readonly<Record<Split, Have>> {
    return { train: this.#row(origin, 'train').have, test: this.#row(origin, 'test').have };
  }

  isWhole(origin: string): boolean {
    return Object.values(this.have(origin)).every(({ count, total }) => count === total);
  }

  /** The first pictures of a split. @throws Error where they are not here, or a part is not what it was: that one is removed */
  async first(origin: string, split: Split, count: number): Promise<RealSplit> {
    const { parts } = this.#row(origin, split);
    const pieces: Bytes[] = [];
    for (const part of parts) {
      if (part.first >= count) break;
      pieces.push(await this.#read(part));
    }
    return apart(pieces, count);
  }

  async #read(part: Part): Promise<Bytes> {
    const records = await part.shelf.read(part.name).catch(() => null);
    if (records && (await sha256(records)) === part.sha256) return records;
    await this.#remove([part]);
    const { split, first, count } = part;
    throw new Error(`pictures ${first} to ${first + count - 1} of ${split} are damaged: they have to be brought again`);
  }

  /** How many pictures of each class a split has. */
  async counts(origin: string, split: Split): Promise<number[]> {
    const sum: number[] = [];
    for (const part of this.#row(origin, split).parts) {
      for (const [label, count] of countsOf(await this.#read(part)).entries()) sum[label] = (sum[label] ?? 0) + count;
    }
    return sum;
  }

  /** Removes what is not to stay. */
  remove(isToGo: (part: Stretch) => boolean = () => true): Promise<void> {
    return this.#remove(this.#parts.filter(isToGo));
  }

  async #remove(parts: readonly Part[]): Promise<void> {
    for (const { shelf, name } of parts) await shelf.remove(name).catch(() => undefined);
    this.#parts = this.#parts.filter((part) => !parts.includes(part));
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
