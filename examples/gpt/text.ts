/** A text as numbers: what the model trains on, what it is judged by, and how well one does who only counts characters. */

/** The share of the text, at its end, that the model never trains on. */
const VALIDATION = 0.1;

export interface Text {
  /** Every kind of character in the text, in order of code point; numbers below are places in it. */
  readonly characters: readonly string[];
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** Windows of a text, and for each of their characters the one that follows it: both [count, context], row after row. */
export interface Windows {
  readonly count: number;
  readonly characters: Int32Array<ArrayBuffer>;
  readonly next: Int32Array<ArrayBuffer>;
}

/** @throws Error where a part is shorter than one window */
export function readText(content: string, context: number): Text {
  const all = [...content.replaceAll('\r\n', '\n')];
  const characters = [...new Set(all)].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
  const place = new Map(characters.map((character, i) => [character, i]));
  const numbers = Int32Array.from(all, (character) => place.get(character) ?? 0);
  const cut = all.length - Math.floor(VALIDATION * all.length);
  const [train, validation] = [numbers.subarray(0, cut), numbers.subarray(cut)];
  if (Math.min(train.length, validation.length) <= context) {
    const least = Math.ceil((context + 1) / VALIDATION);
    throw new Error(`the text has ${all.length} characters; for windows of ${context} it needs ${least} or more`);
  }
  return { characters, train, validation };
}

function windowsAt(text: Int32Array, starts: readonly number[], context: number): Windows {
  const characters = new Int32Array(starts.length * context);
  const next = new Int32Array(starts.length * context);
  for (const [i, start] of starts.entries()) {
    characters.set(text.subarray(start, start + context), i * context);
    next.set(text.subarray(start + 1, start + 1 + context), i * context);
  }
  return { count: starts.length, characters, next };
}

/** The batch of a step: windows at random, which follow from seed and step alone, so that a resumed run draws the same. */
export function batchAt(text: Int32Array, count: number, context: number, seed: number, step: number): Windows {
  const random = uniform(seed, step);
  const starts = Array.from({ length: count }, () => Math.floor(random() * (text.length - context)));
  return windowsAt(text, starts, context);
}

/** The batches of the steps from `first` to before `end`. */
export function* drawn(
  text: Int32Array,
  { batchSize, context, seed }: Readonly<Record<'batchSize' | 'context' | 'seed', number>>,
  first: number,
  end: number,
): Generator<Windows> {
  for (let step = first; step < end; step++) yield batchAt(text, batchSize, context, seed, step);
}

/** The text from its start in windows that do not overlap, at most `count` at a time; what fills no window is left out. */
export function* inOrder(text: Int32Array, count: number, context: number): Generator<Windows> {
  const starts = Array.from({ length: Math.floor((text.length - 1) / context) }, (_, i) => i * context);
  for (let i = 0; i < starts.length; i += count) yield windowsAt(text, starts.slice(i, i + count), context);
}

/**
 * What a model that knows only how frequent each character is loses on `batches`, in nats per character: the mean of
 * −log p(c), p(c) = (count of c in `train` + 1) / (length of `train` + kinds).
 */
export function unigramLoss(train: Int32Array, kinds: number, batches: Iterable<Windows>): number {
  const counts = new Array<number>(kinds).fill(1);
  for (const c of train) counts[c] = (counts[c] ?? 0) + 1;
  let sum = 0;
  let length = 0;
  for (const { next } of batches) {
    for (const c of next) sum -= Math.log((counts[c] ?? 0) / (train.length + kinds));
    length += next.length;
  }
  return sum / length;
}

/** −Σ p log p over the shares p of each character, in nats. */
export function entropy(characters: Int32Array): number {
  const counts = new Map<number, number>();
  for (const c of characters) counts.set(c, (counts.get(c) ?? 0) + 1);
  let sum = 0;
  for (const count of counts.values()) sum += (count / characters.length) * Math.log(characters.length / count);
  return sum;
}

/**
 * What is to be beaten, in nats per character: the least that a model loses which knows only how frequent characters are,
 * in the part that is trained on, in the part that is judged, or in the whole text. Where the parts differ much, the first
 * alone is far above what a model loses that knows nothing.
 */
export function unigramEntropy({ characters, train, validation }: Text, context: number): number {
  const judged = [...inOrder(validation, validation.length, context)];
  return Math.min(
    unigramLoss(train, characters.length, judged),
    ...judged.map(({ next }) => entropy(next)),
    entropy(Int32Array.from([...train, ...validation])),
  );
}

/** Numbers in [0, 1) that follow from `seed` and `stream`: Tommy Ettinger's mulberry32, its start mixed of both. */
export function uniform(seed: number, stream: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
