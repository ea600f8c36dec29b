/** A step on paper, as text and as Markdown. */
import { table as markdownTable } from '../../bench/results.js';
import { digits } from '../../src/profile/table.js';
import type { Adapter } from './adapters.js';
import type { Plan, Row } from './plan.js';

export interface Paper extends Plan {
  readonly model: string;
  readonly batchSize: number | null;
  readonly adapter: Adapter;
  /** The family that the instruction mix is of. */
  readonly family: string;
  /** Where the measured times are from. */
  readonly source: string | null;
}

/** Launches of which one line tells; the first of them. */
interface Line extends Row {
  readonly calls: number;
}

const shape = (workgroups: readonly number[]): string => workgroups.filter((n, i) => i === 0 || n > 1).join('×');
function microseconds(value: number): string {
  if (value === 0) return '';
  return Math.abs(value) < 0.05 ? '<0.1' : value.toFixed(Math.abs(value) < 999.5 ? 1 : 0);
}
const millions = (value: number): string => (value === 0 ? '' : digits(value / 1e6));

type Column = readonly [head: string, width: number, cell: (line: Line) => string];

/** Of the peak, what the inner loop allows. */
function allowed({ multiplyAdds, inner, arithmetic, mixed }: Line): string {
  if (multiplyAdds === 0) return '';
  return inner ? `${((100 * arithmetic) / mixed).toFixed(0)} %` : '?';
}

function columns(isMeasured: boolean): readonly Column[] {
  const ours: readonly Column[] = [
    isMeasured ? ['#', 4, ({ place }) => String(place)] : ['calls', 6, ({ calls }) => String(calls)],
    ['workgroups', 12, ({ workgroups }) => shape(workgroups)],
    ['M fma', 8, ({ multiplyAdds }) => millions(multiplyAdds)],
    ['MB read', 8, ({ bytesRead }) => millions(bytesRead)],
    ['written', 8, ({ bytesWritten }) => millions(bytesWritten)],
    ['arithm.', 8, ({ arithmetic }) => microseconds(arithmetic)],
    ['allowed', 8, allowed],
    ['spread', 7, ({ spread }) => microseconds(spread)],
    ['memory', 7, ({ memory }) => microseconds(memory)],
    ['bound', 7, ({ total }) => microseconds(total)],
    ['binds', 11, ({ binds }) => binds],
  ];
  const theirs: readonly Column[] = [
    [
      'measured',
      9,
      ({ measured, isOther }) => (measured === null ? '' : microseconds(measured) + (isOther ? '*' : '')),
    ],
    ['× bound', 8, ({ ratio }) => ratio?.toFixed(1) ?? ''],
  ];
  return [...ours, ...(isMeasured ? theirs : []), ['to gain', 8, ({ gain }) => microseconds(gain)]];
}

/** What could be gained most comes first; launches of one name and shape of which the same can be said are one line. */
function lines({ rows, totals }: Plan): Line[] {
  const isMeasured = totals.measured !== null;
  const said = columns(isMeasured).slice(1);
  const found = new Map<string, Line>();
  for (const row of rows) {
    const line = { ...row, calls: 1 };
    const key = JSON.stringify([row.name, said.map(([, , cell]) => cell(line)), isMeasured && row.place]);
    const before = found.get(key);
    found.set(key, before ? { ...before, calls: before.calls + 1, gain: before.gain + row.gain } : line);
  }
  return [...found.values()].sort((a, b) => b.gain - a.gain);
}

const NAME = 28;

function heading({ model, batchSize, adapter: { name, gflops, gbs, cache, units } }: Paper): string {
  const cached = cache ? `, ${digits(cache.bytes / 1e6)} MB of cache${cache.gbs ? ` at ${cache.gbs} GB/s` : ''}` : '';
  return (
    `A step of ${model}${batchSize === null ? '' : `, batch ${batchSize}`}, on paper on ${name}: ` +
    `${digits(gflops / 1000)} TFLOP/s, ${digits(gbs)} GB/s${cached}${units ? `, ${units} units` : ''}`
  );
}

/** What the step takes in all. */
function summary({ rows, totals, source, adapter: { passUs } }: Paper): string[] {
  const us = (value: number): string => `${digits(value)} µs`;
  const { measured, measuredBound } = totals;
  return [
    `work: ${us(totals.least)} by the peaks of arithmetic and memory, ${us(totals.mixed)} by what the inner loops allow, ` +
      `${us(totals.work)} with the workgroups as they are`,
    `one launch after the other: ${us(totals.sum)}, of which ${us(totals.launches)} for the ${rows.length} launches themselves`,
    `side by side where Dawn sets no barrier: ${us(totals.barriers)}, in ${totals.groups} groups`,
    `the longest chain that waits for each other: ${us(totals.path)} with buffers shared as they are, ${us(totals.dataPath)} ` +
      `by what is read alone, ${totals.chain.length} launches`,
    ...(measured === null || measuredBound === null
      ? []
      : [
          `measured: ${us(measured)}, each dispatch in a pass of its own${passUs ? ` of ${passUs} µs` : ''}; its bound there ` +
            `${us(measuredBound)} (${source}; *: with other workgroups)`,
        ]),
  ];
}

export function text(paper: Paper): string {
  const all = columns(paper.totals.measured !== null);
  const line = (name: string, cells: readonly string[]): string =>
    (name.length > NAME ? `${name.slice(0, NAME - 1)}…` : name.padEnd(NAME)) +
    cells.map((cell, i) => cell.padStart(all[i]?.[1] ?? 0)).join('');
  return [
    `${heading(paper)}; times in µs`,
    line(
      'kernel',
      all.map(([head]) => head),
    ),
    ...lines(paper).map((one) =>
      line(
        one.name,
        all.map(([, , cell]) => cell(one)),
      ),
    ),
    ...summary(paper),
  ].join('\n');
}

export function markdown(paper: Paper): string {
  const all = columns(paper.totals.measured !== null);
  return [
    '# A step on paper',
    `${heading(paper)}. Times in µs, what could be gained most first. Columns: [profiling](../../docs/profiling.md#a-step-on-paper).`,
    markdownTable(
      ['kernel', ...all.map(([head]) => head)],
      lines(paper).map((one) => [one.name, ...all.map(([, , cell]) => cell(one))]),
    ),
    summary(paper)
      .map((line) => `- ${line}`)
      .join('\n'),
    `Inner loops: ${paper.family}, by \`npm run isa\`. ${paper.adapter.sources}`,
    '',
  ].join('\n\n');
}
