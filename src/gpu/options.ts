/**
 * Options are objects of named settings. What TypeScript refuses is refused at run time too, by name: an option that the
 * function does not know, a value of another kind, anything else in the place of the object, or of a tensor.
 */
import { refuse } from './errors.js';

/** `whole` is a whole number, `count` one from 0 on, `size` one from 1 on. */
type Numeric = 'number' | 'whole' | 'count' | 'size';

type BaseKind<V> = [V] extends [boolean]
  ? 'boolean'
  : [V] extends [number]
    ? Numeric
    : [V] extends [number | readonly number[]]
      ? `${Numeric}s`
      : [V] extends [number | readonly number[] | string]
        ? [V] extends [string]
          ? 'string' | readonly V[]
          : `${Numeric}s|${string}`
        : [V] extends [(...args: never[]) => unknown]
          ? 'function'
          : [V] extends [{ readonly dtype: unknown }]
            ? 'tensor'
            : 'any';

/**
 * What values an option takes: a kind, with `?` where null is one of them and `|` before words that may stand for it, or all
 * its words. `any` is checked elsewhere.
 */
type Kind<V> = 'any' | (null extends V ? `${Extract<BaseKind<NonNullable<V>>, string>}?` : BaseKind<V>);

/** Options with their defaults filled in. */
export type Complete<Options> = { [Key in keyof Options]-?: Exclude<Options[Key], undefined> };

/** The kinds of all options of an interface: to leave one out, or to name one that is not there, is a type error. */
export type Known<Options> = { readonly [Key in keyof Options]-?: Kind<Exclude<Options[Key], undefined>> };

/** Kinds and more of them. Marked as pure where it is called: bundlers keep a spread that nobody uses. */
export const extended = <Base extends object, const More extends object>(base: Base, more: More): Base & More => ({
  ...base,
  ...more,
});

const WANTED: Readonly<Record<string, string>> = {
  number: 'a number',
  whole: 'a whole number',
  count: 'a whole number from 0 on',
  size: 'a whole number from 1 on',
  boolean: 'true or false',
  string: 'a string',
  function: 'a function',
  tensor: 'a tensor',
};

/** The least of the whole numbers of a kind. */
const LEAST: Readonly<Record<string, number>> = { whole: Number.NEGATIVE_INFINITY, count: 0, size: 1 };

function fits(kind: string | readonly string[], value: unknown): boolean {
  if (typeof kind !== 'string') return kind.includes(value as string);
  if (kind === 'any' || (value === null && kind.endsWith('?'))) return true;
  const [base = '', ...words] = kind.replace('?', '').split('|');
  if (words.includes(value as string)) return true;
  if (base === 'tensor') return isTensor(value);
  if (base in LEAST) return Number.isInteger(value) && Number(value) >= Number(LEAST[base]);
  if (base in WANTED) return typeof value === base;
  const one = base.slice(0, -1);
  return Array.isArray(value) ? value.every((item) => fits(one, item)) : fits(one, value);
}

/** Whether a value is no primitive: modules are functions too. */
const isObject = (value: unknown): value is object => Object(value) === value;

/** Whether a value is a tensor, as far as this layer knows one. */
export const isTensor = (value: unknown): value is { readonly storage: unknown } =>
  typeof value === 'object' && value !== null && 'storage' in value;

/** The options, once they are known to be such. @throws KindlingError naming `op`, the option and what to write instead */
export function checked<Options extends object>(op: string, options: Options, known: Known<NoInfer<Options>>): Options {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null || Symbol.iterator in given || isTensor(given)) {
    refuse(misplaced(op, given, known));
  }
  for (const key in options) {
    const value: unknown = options[key];
    if (!Object.hasOwn(known, key)) refuse(unknown(op, options, key, known));
    const kind: string | readonly string[] = known[key];
    if (value !== undefined && !fits(kind, value)) refuse(`${op}: ${key} is ${text(value)}, wants ${wanted(kind)}`);
  }
  return options;
}

/** As {@link checked}, of arguments that may not be left out. */
export function required<Given extends object>(op: string, given: Given, known: Known<NoInfer<Given>>): Given {
  for (const [name, kind] of Object.entries<string | readonly string[]>(known)) {
    if (Reflect.get(given, name) === undefined) refuse(`${op}: ${name} is undefined, wants ${wanted(kind)}`);
  }
  return checked(op, given, known);
}

/**
 * Refuses arguments beyond those that a function takes. An index and the array may follow, as `map`, `reduce` and `forEach` pass
 * them; an index that would be taken for an argument may not.
 */
export function atMost(op: string, most: number, given: ArrayLike<unknown>): void {
  if (given.length <= most) return;
  const [last, index, item] = Array.from(given).reverse();
  const isListed = last instanceof Set ? last.has(item) : Array.isArray(last) && last[Number(index)] === item;
  if (last === undefined || (isListed && given.length >= most + 2)) return;
  refuse(`${op}: ${given.length} arguments, of which it takes ${most}; leave out ${text(last)}`);
}

/** The argument, once it is known to be a tensor. @throws KindlingError naming `op`, the argument and what to write instead */
export function wantTensor<T>(op: string, name: string, value: T, orNumber = false): T {
  if (isTensor(value) || (orNumber && typeof value === 'number')) return value;
  refuse(`${op}: ${name} is ${text(value)}, wants a tensor${orNumber ? ' or a number' : ''}${remedy(value)}`);
}

/** As {@link atMost}, of a function whose first argument is a tensor. */
export function ofTensor(op: string, most: number, given: ArrayLike<unknown>): void {
  atMost(op, most, given);
  wantTensor(op, 'x', given[0]);
}

/** As {@link atMost}, of a function whose one argument is a function. */
export function ofFunction(op: string, given: ArrayLike<unknown>): void {
  atMost(op, 1, given);
  required(op, { body: given[0] as () => unknown }, { body: 'function' });
}

/** As {@link wantTensor}, of an argument that may be a number. */
export const wantOperand = <T>(op: string, name: string, value: T): T => wantTensor(op, name, value, true);

/** As {@link wantTensor}, of an argument that is an array of tensors. */
export function wantTensors(op: string, values: readonly unknown[]): void {
  if (!Array.isArray(values)) refuse(`${op}: wants an array of tensors, got ${text(values)}; write ${op}([x, y])`);
  values.forEach((value, i) => void (isTensor(value) || wantTensor(op, `tensor ${i}`, value)));
}

/** The items of a list that must all be of a kind. @throws KindlingError naming `op`, and `usage` as what to write instead */
export function itemsOf<Item>(
  op: string,
  wanted: string,
  given: Iterable<Item>,
  usage: string,
  fits: (item: unknown) => boolean = isTensor,
): Item[] {
  const list: unknown = given;
  const items = isObject(list) && Symbol.iterator in list ? [...given] : null;
  if (!items?.every(fits)) refuse(`${op}: wants ${wanted}, got ${text(list)}; write ${usage}`);
  return items;
}

/** How to come from a value to a tensor. */
function remedy(value: unknown): string {
  if (typeof value === 'number' || Array.isArray(value) || ArrayBuffer.isView(value)) return '; make one with tensor()';
  if (!isObject(value)) return '';
  return 'then' in value ? '; await it first' : 'forward' in value ? '; call it' : '';
}

function wanted(kind: string | readonly string[]): string {
  if (typeof kind !== 'string') return kind.map(text).join(' or ');
  const [base = '', ...words] = kind.replace('?', '').split('|');
  const one = WANTED[base] ?? `${WANTED[base.slice(0, -1)]} or an array of such`;
  return [one, ...words.map(text), ...(kind.endsWith('?') ? ['null'] : [])].join(', or ');
}

function misplaced(op: string, given: unknown, known: object): string {
  const kinds = Object.entries(known) as [string, string | readonly string[]][];
  const [name = 'name'] =
    kinds.find(([, kind]) => kind !== 'any' && given !== null && fits(kind, given)) ?? kinds[0] ?? [];
  return `${op}: wants an object of options, got ${text(given)}; write { ${name}: ${text(given)} }, or whichever is meant of ${Object.keys(known).join(', ')}`;
}

function unknown(op: string, options: object, key: string, known: object): string {
  const type = options.constructor?.name;
  if (type && type !== 'Object') return misplaced(op, options, known);
  const names = Object.keys(known);
  const guess = nearest(key, names);
  return `${op}: no option ${key}${guess ? `; did you mean ${guess}?` : '.'} It knows ${names.join(', ')}`;
}

/**
 * The name that was probably meant: in camelCase for snake_case, with a few letters changed, longer or shorter (`epsilon`,
 * `pad`), or by its initials (`wd`, `learningRate`).
 */
function nearest(key: string, names: readonly string[]): string | undefined {
  const meant = plain(key === 'axis' ? 'dim' : key);
  const far = (name: string): number => between(meant, plain(name));
  const [close] = names.filter((name) => far(name) <= Math.max(1, name.length / 3)).sort((a, b) => far(a) - far(b));
  if (close) return close;
  const starts = (name: string): boolean => meant.startsWith(name) || name.startsWith(meant);
  return names.find((name) => starts(plain(name)) || initials(key) === name || initials(name) === key);
}

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

const initials = (name: string): string => name.replace(/_?([a-zA-Z])[a-z]*/g, '$1').toLowerCase();

/** Letters between what two texts begin and what they end with in common. */
function between(a: string, b: string): number {
  const least = Math.min(a.length, b.length);
  let start = 0;
  while (start < least && a[start] === b[start]) start++;
  let end = 0;
  while (end < least - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return Math.max(a.length, b.length) - start - end;
}

/** A value as one would write it, short. */
export function text(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return value.length > 8 ? 'an array' : `[${value.map(text).join(', ')}]`;
  if (value instanceof Function) return 'a function';
  if (!isObject(value)) return String(value);
  if (isTensor(value)) return 'a tensor';
  const type = value.constructor?.name ?? 'Object';
  return type === 'Object' ? 'an object' : `a ${type}`;
}
