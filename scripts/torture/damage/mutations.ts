/** How files are damaged: fast-check draws a few mutations for each, and shrinks those that fail. */
import fc from 'fast-check';

/** Places are taken modulo what there is. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'grow'; readonly by: number }
  | {
      readonly kind: 'number';
      readonly at: number;
      readonly bytes: number;
      readonly value: bigint;
      readonly big: boolean;
    }
  | {
      readonly kind: 'splice';
      readonly from: number;
      readonly to: number;
      readonly length: number;
      readonly over: boolean;
    }
  /** Of the numbers, words and strings of a text the `at`-th. */
  | { readonly kind: 'token'; readonly at: number; readonly text: string };

export const MOST = 65_536;

const EXTREME = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  2n ** 63n,
  2n ** 64n - 1n,
];
const TOKENS = [
  ...[
    '0',
    '1',
    '-1',
    '-0',
    '0.5',
    '1e308',
    '1e400',
    '-1e400',
    '9007199254740993',
    '4294967296',
    '2147483648',
    '1e-320',
  ],
  ...[
    'null',
    'true',
    'false',
    '""',
    '"x"',
    '"\\ud800"',
    '"../../x"',
    '"__proto__"',
    '[]',
    '{}',
    '[[]]',
    '[1,2]',
    '{"a":1}',
    '00',
  ],
];

/** Headers are damaged more often than what they are about. */
const place = fc.oneof(fc.nat(64), fc.nat(700), fc.nat(MOST));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const), by: fc.integer({ min: 1, max: 2048 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('number' as const),
      at: place,
      bytes: fc.constantFrom(1, 2, 4, 8),
      value: fc.constantFrom(...EXTREME),
      big: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('splice' as const),
      from: place,
      to: place,
      length: fc.integer({ min: 1, max: 1024 }),
      over: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('token' as const), at: fc.nat(2000), text: fc.constantFrom(...TOKENS) }),
  },
);

/** A case: which of the good files, what is done to it, and whether checksums are made to fit again. */
export interface Case {
  readonly file: number;
  readonly mutations: readonly Mutation[];
  readonly repaired: boolean;
}

export const cases = (files: number): fc.Arbitrary<Case> =>
  fc.record({
    file: fc.nat(files - 1),
    mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
    repaired: fc.boolean(),
  });

/** A number, a word or a string of JSON. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/g;

function one(bytes: Uint8Array, mutation: Mutation): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = 'at' in mutation ? mutation.at % bytes.length : 0;
  if (mutation.kind === 'cut') return bytes.slice(0, at);
  if (mutation.kind === 'grow') return Uint8Array.from([...bytes, ...bytes.slice(0, mutation.by)]);
  if (mutation.kind === 'token') {
    const text = Buffer.from(bytes).toString('latin1');
    const found = [...text.matchAll(TOKEN)];
    const taken = found[mutation.at % Math.max(1, found.length)];
    if (!taken) return bytes;
    const [head, tail] = [text.slice(0, taken.index), text.slice(taken.index + taken[0].length)];
    return new Uint8Array(Buffer.from(head + mutation.text + tail, 'latin1'));
  }
  const changed = bytes.slice();
  if (mutation.kind === 'flip') changed[at] = (changed[at] as number) ^ (1 << mutation.bit);
  if (mutation.kind === 'number') {
    const { bytes: width, value, big } = mutation;
    for (let i = 0; i < width && at + i < changed.length; i++) {
      changed[at + i] = Number((value >> BigInt(8 * (big ? width - 1 - i : i))) & 255n);
    }
  }
  if (mutation.kind === 'splice') {
    const [from, to] = [mutation.from % bytes.length, mutation.to % bytes.length];
    const piece = bytes.slice(from, from + mutation.length);
    const tail = bytes.slice(mutation.over ? to + piece.length : to);
    return new Uint8Array(Buffer.concat([bytes.slice(0, to), piece, tail]));
  }
  return changed;
}

/** What is left of a file; at most 64 kB. */
export const damaged = (bytes: Uint8Array, mutations: readonly Mutation[]): Uint8Array =>
  mutations.reduce(one, bytes).slice(0, MOST);
