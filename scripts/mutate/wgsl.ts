/**
 * The parts of WGSL that can be broken: operators, comparisons, assignments, literals, `min`, `max` and `select`.
 *
 * A token that may be broken carries a marker, a comment right before it with the number of its place in the kernels'
 * sources: `~7` in the comment before a token that stands there, `^7` before a hole, whose text may begin with a literal.
 */

/** Stands for a hole `${…}` where the text of a template is looked at before it is filled. */
export const HOLE = '\uE000';

export interface Token {
  readonly text: string;
  readonly start: number;
  readonly kind: 'number' | 'word' | 'sign';
  /** Place of the marker that counts, or null. */
  readonly place: number | null;
  /** An operator with no operand on its left. */
  readonly unary: boolean;
  /** What it may become; empty where it is not to be touched. */
  readonly changes: readonly string[];
}

const MARKER = /\/\*([~^])(\d+)\*\//y;
const SKIPPED = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|@\w+(?:\s*\([^)]*\))?/y;
const NUMBER = /(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[iufh]?/y;
const WORD = new RegExp(`[A-Za-z_${HOLE}][\\w${HOLE}]*(?:(?<=^${HOLE}|\\W${HOLE})\\.\\d+\\w*)?`, 'y');
const SIGN = /<<=|>>=|->|\+\+|--|&&|\|\||[<>=!+\-*/%&|^]=|<<|>>|[^\s]/y;

/** Types and declarations that take a list in angle brackets, which holds no comparison. */
const TEMPLATED = /^(array|vec[234]|mat[234]x[234]|atomic|ptr|bitcast|var)$/;

/** What becomes of an operator with operands on both sides. */
const CHANGES: Readonly<Record<string, readonly string[]>> = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/', '+'],
  '/': ['*'],
  '%': ['/'],
  '<': ['<=', '>'],
  '<=': ['<', '>='],
  '>': ['>=', '<'],
  '>=': ['>', '<='],
  '==': ['!='],
  '!=': ['=='],
  '&&': ['||'],
  '||': ['&&'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '+=': ['-='],
  '-=': ['+='],
  '*=': ['/='],
  '/=': ['*='],
  '<<=': ['>>='],
  '>>=': ['<<='],
  '++': ['--'],
  '--': ['++'],
  min: ['max'],
  max: ['min'],
  true: ['false'],
  false: ['true'],
};

/** Whether a sign is one that may be broken, wherever it stands. */
export const isOperator = (text: string): boolean => text in CHANGES && !/^\w/.test(text);

/** Marks the exchange of the first two arguments of `select`. */
const SWAP = 'swap';

function changesOf(text: string, kind: Token['kind'], unary: boolean, next: string): readonly string[] {
  if (kind === 'number') return [otherNumber(text)];
  if (text === 'select') return next === '(' ? [SWAP] : [];
  if (text === 'min' || text === 'max') return next === '(' ? (CHANGES[text] ?? []) : [];
  // -x, !x and ~x lose their sign; & and * in front are an address and what lies there.
  if (unary) return ['-', '!', '~'].includes(text) ? [''] : [];
  return CHANGES[text] ?? [];
}

/** An integer grows by one, a float doubles; 0 becomes 1. */
function otherNumber(text: string): string {
  const hexadecimal = /^0x/i.test(text);
  const suffix = hexadecimal ? text.replace(/^0x[\da-f]+/i, '') : text.replace(/[^iufh]/g, '');
  const digits = text.slice(0, text.length - suffix.length);
  const value = Number(digits);
  if (hexadecimal || (/^\d+$/.test(digits) && suffix !== 'f' && suffix !== 'h')) return `${value + 1}${suffix}`;
  const other = String(value === 0 ? 1 : value * 2);
  return `${/[.e]/.test(other) ? other : `${other}.0`}${suffix}`;
}

/** The tokens of a shader, or of a template with {@link HOLE} for its holes. Declarations and attributes are left out. */
export function tokens(text: string): Token[] {
  const found: (Omit<Token, 'changes' | 'unary'> & { skipped: boolean })[] = [];
  let explicit: number | null = null;
  let hole: number | null = null;
  let depth = 0;
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const result = pattern.exec(text);
    if (result) at += result[0].length;
    return result;
  };
  while (at < text.length) {
    const marker = match(MARKER);
    if (marker) {
      if (marker[1] === '~') explicit = Number(marker[2]);
      else hole ??= Number(marker[2]);
      continue;
    }
    if (match(SKIPPED)) continue;
    const start = at;
    const previous = found.at(-1);
    const number = match(NUMBER)?.[0];
    const word = number === undefined ? match(WORD)?.[0] : undefined;
    const content = number ?? word ?? match(SIGN)?.[0] ?? '';
    const kind = number !== undefined ? 'number' : word !== undefined ? 'word' : 'sign';
    const opens = content === '<' && (depth > 0 || TEMPLATED.test(previous?.text ?? ''));
    if (opens) depth++;
    const skipped = depth > 0;
    if (!opens && depth > 0 && /^>+$/.test(content)) depth = Math.max(0, depth - content.length);
    const place = explicit ?? (kind === 'number' ? hole : null);
    found.push({ text: content, start, kind, place, skipped });
    explicit = null;
    hole = null;
  }
  return found.map(({ skipped, ...token }, i) => {
    const before = found[i - 1];
    const operand =
      before !== undefined && (before.kind !== 'sign' || [')', ']'].includes(before.text)) && before.text !== 'return';
    const unary = token.kind === 'sign' && !operand;
    return {
      ...token,
      unary,
      changes: skipped ? [] : changesOf(token.text, token.kind, unary, found[i + 1]?.text ?? ''),
    };
  });
}

/** Removes the markers. */
export const unmarked = (text: string): string => text.replace(/\/\*[~^]\d+\*\//g, '');

export interface Broken {
  readonly text: string;
  /** The first line that differs, before and after, without markers. */
  readonly before: string;
  readonly after: string;
}

/** Breaks every token of a place in a shader; null where none is left to break. */
export function broken(text: string, place: number, choice: number): Broken | null {
  const all = tokens(text);
  const edits: { start: number; end: number; text: string }[] = [];
  all.forEach((token, i) => {
    if (token.place !== place || token.changes.length === 0) return;
    const change = token.changes[choice % token.changes.length] ?? '';
    if (change !== SWAP) edits.push({ start: token.start, end: token.start + token.text.length, text: change });
    else edits.push(...swapped(text, all, i));
  });
  if (edits.length === 0) return null;
  let result = '';
  let from = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    if (edit.start < from) continue;
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  result += text.slice(from);
  if (result === text) return null;
  const [old, now] = [unmarked(text).split('\n'), unmarked(result).split('\n')];
  const line = old.findIndex((content, i) => content !== now[i]);
  return { text: result, before: old[line]?.trim() ?? '', after: now[line]?.trim() ?? '' };
}

/** The first two arguments of the call at token `index`, exchanged. */
function swapped(text: string, all: readonly Token[], index: number) {
  const bounds: number[] = [];
  let depth = 0;
  for (const token of all.slice(index + 1)) {
    if ('(['.includes(token.text)) depth++;
    if (depth === 1 && (token.text === '(' || token.text === ',')) bounds.push(token.start);
    if (')]'.includes(token.text)) depth--;
    if (depth === 0) break;
  }
  const [open, first, second] = bounds;
  if (open === undefined || first === undefined || second === undefined) return [];
  const a = text.slice(open + 1, first);
  const b = text.slice(first + 1, second);
  return [{ start: open + 1, end: second, text: `${b},${a}` }];
}
