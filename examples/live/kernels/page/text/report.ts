/** What was found, to send to somebody: as JSON with every figure, and as Markdown to read. */
import { CASES } from '../../shared/cases.js';
import { ULP } from '../../shared/exact.js';
import type { FoundAdapter, Measured, Rung, Tuned } from '../../shared/protocol.js';
import { digits, errorText, milliseconds } from './figures.js';

export interface Report {
  readonly adapter: FoundAdapter;
  readonly browser: string;
  readonly version: string;
  readonly date: string;
  readonly measured: Measured | null;
  /** By kernel, the smallest size first. */
  readonly rungs: Readonly<Record<string, readonly Rung[]>>;
  readonly tuned: readonly { readonly id: string; readonly size: number; readonly found: readonly Tuned[] }[];
}

/** All figures. Shaders are told by name and launch: their texts belong to the version and the adapter. */
export function reportJson({ rungs, version, ...rest }: Report): string {
  const kernels = CASES.flatMap(({ id, family, bound }) =>
    (rungs[id] ?? []).map(({ launches, check, ...rung }) => ({
      family,
      ...rung,
      check: { ...check, error: Number.isFinite(check.error) ? check.error : null, ulp: check.error / ULP, bound },
      launches: launches.map(({ wgsl, ...launch }) => ({ ...launch, characters: wgsl.length })),
    })),
  );
  return `${JSON.stringify({ library: 'kindling', version, ...rest, kernels }, null, 1)}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function line({ id, shape, launches, check, speed }: Rung): string {
  const rate = speed ? (speed.gflops === null ? `${digits(speed.gbs)} GB/s` : `${digits(speed.gflops)} GFLOP/s`) : '';
  const cells = [
    id,
    shape,
    launches.map(({ name }) => name).join(', '),
    speed ? milliseconds(speed.ms) : '',
    rate,
    speed ? `${(100 * speed.peakShare).toFixed(1)} %` : '',
    `${errorText(check.error)}${check.holds ? '' : ' **too far off**'}`,
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

export function reportMarkdown({ adapter, browser, version, date, measured, rungs, tuned }: Report): string {
  const rows = CASES.flatMap(({ id }) => rungs[id] ?? []);
  const lines = [
    '# Kernels of kindling',
    '',
    `${adapter.description}, in ${adapter.host}${adapter.isSoftware ? ', a software adapter' : ''}. kindling ${version}. ${date}.`,
    '',
    browser,
  ];
  if (measured) {
    const { peaks, floorMs, by } = measured;
    lines.push(
      '',
      `Peaks: ${digits(peaks.multiplyAdd)} GFLOP/s of multiply-adds, ${digits(peaks.load)} GB/s of loads, ` +
        `${digits(peaks.copy)} GB/s of copies. Times by ${by}; a submit of next to nothing takes ${milliseconds(floorMs)}.`,
    );
  }
  lines.push(
    '',
    '| kernel | shape | launches | time | rate | of peak | error |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map(line),
  );
  if (tuned.length > 0) {
    lines.push('', '| tuned | size | op | default | choice | with it |', '| --- | --- | --- | --- | --- | --- |');
    for (const { id, size, found } of tuned) {
      for (const { family, defaultMs, choice, ms } of found) {
        const cells = [id, String(size), family, milliseconds(defaultMs), choice ?? 'the default', milliseconds(ms)];
        lines.push(`| ${cells.map(cell).join(' | ')} |`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}
