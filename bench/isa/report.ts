/** The tables. */
import { table } from '../results.js';
import type { Family, Row } from './rows.js';
import type { Target } from './targets.js';

const WHATS = [
  'workgroups',
  'vgprs',
  'spilled',
  'lds',
  'waves',
  'fma',
  'valu',
  'ldsReads',
  'fmaPerLds',
  'share',
  'loopShare',
] as const satisfies readonly (keyof Row)[];
type What = (typeof WHATS)[number];

function text(row: Row, what: What): string {
  const value = row[what];
  if (value === null) return '';
  if (typeof value === 'object') return value.filter((n, i) => i === 0 || n > 1).join('×');
  if (what === 'share' || what === 'loopShare') return `${(100 * value).toFixed(1)} %`;
  return what === 'fmaPerLds' ? value.toFixed(1) : String(value);
}

/** Rows as JSON, a line for each. */
export const json = (rows: readonly Row[]): string => `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`;

const misses = (row: Row, what: What): boolean => row.missed.includes(what as Target);

/** For the terminal: one line for equal launches, and an exclamation mark at what misses its target. */
export function lines(rows: readonly Row[]): string {
  const groups = new Map<string, { row: Row; times: number }>();
  for (const row of rows) {
    const key = `${row.of} ${row.name} ${row.hash} ${row.workgroups}`;
    groups.set(key, { row, times: (groups.get(key)?.times ?? 0) + 1 });
  }
  const titled = [...groups.values()].map(({ row, times }) => ({
    row,
    title: times > 1 ? `${row.name}, ${times} times` : row.name,
  }));
  const width = Math.max(6, ...titled.map(({ title }) => title.length));
  const cells = (values: readonly string[]): string => values.map((value) => value.padStart(10)).join(' ');
  const made = [`${'kernel'.padEnd(width)} ${cells(WHATS)}`];
  let of = '';
  for (const { row, title } of titled) {
    if (row.of !== of) made.push('', row.of);
    of = row.of;
    const values = WHATS.map((what) => `${text(row, what)}${misses(row, what) ? '!' : ' '}`);
    made.push(`${title.padEnd(width)} ${cells(values)}`);
  }
  return made.join('\n');
}

/** The page of `bench/results`: all rows of all families, what misses its target in bold. */
export function markdown(families: Readonly<Record<string, Family>>): string {
  const parts = Object.entries(families).flatMap(([family, { compiler, rows }]) => [
    `## ${family}`,
    `${compiler}.`,
    table(
      ['of', 'kernel', ...WHATS],
      rows.map((row) => [
        row.of,
        row.name,
        ...WHATS.map((what) => (misses(row, what) ? `**${text(row, what)}**` : text(row, what))),
      ]),
    ),
  ]);
  return [
    '# What a compiler for GPUs makes of the kernels',
    'Written by `npm run isa -- --update`. Columns and targets: [performance](../../docs/performance.md#what-a-gpus-compiler-makes-of-it); what misses its target is bold.',
    ...parts,
    '',
  ].join('\n\n');
}

const SHOWN = ['workgroups', 'vgprs', 'spilled', 'fmaPerLds', 'share', 'loopShare'] as const satisfies readonly What[];

/** What misses targets on any family, for the documentation: a line for each kernel, with a value for each family. */
export function missing(families: Readonly<Record<string, Pick<Family, 'rows'>>>): string {
  const all = Object.values(families).map(({ rows }) => rows);
  const seen = new Set<string>();
  const made: string[][] = [];
  for (const i of (all[0] ?? []).keys()) {
    const rows = all.flatMap((one) => one[i] ?? []);
    const [row] = rows;
    if (!row || rows.every((one) => one.missed.length === 0)) continue;
    const cells = SHOWN.map((what) => {
      const values = rows.map((one) => (misses(one, what) ? `**${text(one, what)}**` : text(one, what)));
      return new Set(values).size === 1 ? (values[0] ?? '') : values.join(', ');
    });
    // A product of the step may be among the products, too.
    const key = `${row.hash} ${cells}`;
    if (!seen.has(key)) made.push([row.of, row.name, ...cells]);
    seen.add(key);
  }
  return table(
    [
      'of',
      'kernel',
      'workgroups',
      'registers',
      'spilled',
      'multiply-adds per read',
      'share',
      'share of the loop over slices',
    ],
    made,
  );
}
