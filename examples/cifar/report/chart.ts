/** The study's picture: a dot of micro-F1 per scenario, whiskers over the seeds, and round the baseline what is noise. */
import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import type { Spec } from 'vega';
import type { StudyResults } from '../results.js';
import { provenance, type Summary, scoreRange, summarise } from './summary.js';
import { points, wrap } from './text.js';
import { axisStyle, PAPER, render, type Theme } from './vega.js';

const WIDTH = 860;
const ROW = 34;
const RIGHT = 84;
/** Generous: the widest of the fonts named needs 0.62 of the size per character. */
const EM = 0.64;

/** What the chart shows, for captions. */
export function legend(summary: Summary): string {
  const { baseline, noise, seeds } = summary;
  const [low, high] = scoreRange(summary);
  const dots = seeds > 1 ? 'dots: mean over seeds; whiskers: lowest to highest seed' : 'dots: one run each';
  const band = `dashed: ${baseline?.scenario}; shaded: noise, up to ${points(noise.bound)} points from it`;
  return `${dots}${baseline ? `; ${band}` : ''}; axis from ${low.toFixed(2)} to ${high.toFixed(2)}`;
}

/** The chart's specification. With `heading`, title and provenance are part of the picture. */
export function f1Spec(results: StudyResults, summary: Summary, theme: Theme, heading: boolean): Spec {
  const { rows, baseline, noise, seeds } = summary;
  const { what, where } = provenance(results);
  const left = Math.max(...rows.map((row) => row.scenario.length), 8) * 13 * EM + 18;
  const notes = [what, where, legend(summary)];
  const subtitle = notes.flatMap((note) => wrap(note, Math.floor((WIDTH - 40) / (12 * EM))));
  const title = `${results.data.synthetic ? 'SYNTHETIC DATA: ' : ''}micro-F1 per scenario`;
  const top = heading ? 62 + subtitle.length * 17 : 30;
  const width = WIDTH - left - RIGHT;
  const range = scoreRange(summary);
  return {
    width,
    height: rows.length * ROW,
    padding: { left, right: RIGHT, top, bottom: 50 },
    autosize: 'none',
    ...(theme === PAPER ? { background: theme.paper } : {}),
    config: { axis: axisStyle(theme, 13) },
    data: [
      {
        name: 'rows',
        values: rows.map(({ scenario, mean, min, max }) => ({
          scenario,
          mean,
          min,
          max,
          text: mean.toFixed(3),
          fill: scenario === baseline?.scenario ? theme.baseline : theme.bar,
        })),
      },
    ],
    scales: [
      { name: 'y', type: 'band', domain: { data: 'rows', field: 'scenario' }, range: 'height', padding: 0.28 },
      { name: 'x', type: 'linear', domain: range, range: 'width', zero: false },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', grid: true, title: 'micro-F1', titlePadding: 8, format: '.2f', tickCount: 8 },
      { orient: 'left', scale: 'y', ticks: false, domain: false, labelPadding: 8 },
    ],
    marks: [
      ...(heading ? [...titleMarks(title, subtitle, left, top, theme)] : []),
      ...(baseline ? baselineMarks(baseline.scenario, baseline.mean, noise.bound, range, theme) : []),
      ...(seeds > 1 ? whiskerMarks(theme) : []),
      {
        type: 'symbol',
        from: { data: 'rows' },
        encode: {
          enter: {
            x: { scale: 'x', field: 'mean' },
            y: { scale: 'y', field: 'scenario', band: 0.5 },
            size: { value: 150 },
            fill: { field: 'fill' },
          },
        },
      },
      {
        type: 'text',
        from: { data: 'rows' },
        encode: {
          enter: {
            x: { signal: 'width', offset: 14 },
            y: { scale: 'y', field: 'scenario', band: 0.5 },
            text: { field: 'text' },
            baseline: { value: 'middle' },
            fill: { value: theme.ink },
            font: { value: theme.font },
            fontSize: { value: 13 },
          },
        },
      },
    ],
  };
}

function titleMarks(
  title: string,
  subtitle: string[],
  left: number,
  top: number,
  theme: Theme,
): Spec['marks'] & object {
  const text = (line: string | string[], y: number, size: number, fill: string, fontWeight: 'bold' | 'normal') => ({
    type: 'text' as const,
    encode: {
      enter: {
        x: { value: 20 - left },
        y: { value: y - top },
        text: { value: line as string },
        font: { value: theme.font },
        fontSize: { value: size },
        fontWeight: { value: fontWeight },
        lineHeight: { value: 17 },
        fill: { value: fill },
      },
    },
  });
  return [text(title, 30, 18, theme.ink, 'bold'), text(subtitle, 52, 12, theme.muted, 'normal')];
}

function whiskerMarks(theme: Theme): Spec['marks'] & object {
  const stroke = { stroke: { value: theme.ink }, strokeWidth: { value: 1.5 } };
  const at = (band: number) => ({ scale: 'y', field: 'scenario', band });
  const x = (field: string) => ({ scale: 'x', field });
  const rule = (from: string, to: string, low: number, high: number) => ({
    type: 'rule' as const,
    from: { data: 'rows' },
    encode: { enter: { x: x(from), x2: x(to), y: at(low), y2: at(high), ...stroke } },
  });
  return [rule('min', 'max', 0.5, 0.5), rule('min', 'min', 0.3, 0.7), rule('max', 'max', 0.3, 0.7)];
}

/** The baseline's dashed line, and shaded what is noise round it. */
function baselineMarks(
  name: string,
  score: number,
  bound: number,
  [low, high]: readonly [number, number],
  theme: Theme,
): Spec['marks'] & object {
  const x = { scale: 'x', value: score };
  const height = { signal: 'height' };
  const band = {
    type: 'rect' as const,
    encode: {
      enter: {
        x: { scale: 'x', value: Math.max(low, score - bound) },
        x2: { scale: 'x', value: Math.min(high, score + bound) },
        y: { value: 0 },
        y2: height,
        fill: { value: theme.accent },
        fillOpacity: { value: 0.12 },
      },
    },
  };
  const line = {
    type: 'rule' as const,
    encode: {
      enter: {
        x,
        y: { value: -6 },
        y2: height,
        stroke: { value: theme.accent },
        strokeWidth: { value: 2 },
        strokeDash: { value: [5, 4] },
      },
    },
  };
  const label = {
    type: 'text' as const,
    encode: {
      enter: {
        x,
        y: { value: -11 },
        align: { value: 'center' as const },
        text: { value: `${name} ${score.toFixed(3)}` },
        fill: { value: theme.accent },
        font: { value: theme.font },
        fontSize: { value: 12 },
      },
    },
  };
  return [band, line, label];
}

/** `f1.svg`: self-contained, on white. */
export const f1Svg = (results: StudyResults): Promise<string> =>
  render(f1Spec(results, summarise(results), PAPER, true));

/** `f1.png` from the SVG, twice its size, with a font that comes from npm: a bare machine has none. */
export function png(svg: string): Uint8Array {
  const require = createRequire(import.meta.url);
  const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold'].map((name) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`),
  );
  const font = { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans' };
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: 2 } }).render().asPng();
}
