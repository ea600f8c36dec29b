/** The chart itself, by uPlot: lines of all runs over one axis, and a mark where the reader changed something. */
import uPlot from 'uplot';
import type { Run } from '../state/runs.js';
import { colour } from '../state/theme.js';
import { marksOf } from '../text/marks.js';
import { type Look, type Points, placeOf, pointsOf } from './points.js';

const FONT = '12px system-ui, sans-serif';
/** Ticks at whole numbers. */
const WHOLE = [1, 10, 100, 1000, 10_000].flatMap((power) => [1, 2, 5].map((digit) => digit * power));
const LABELS = { step: 'step', epoch: 'epoch', time: 'seconds' } as const;

/** All lines over the x of all of them; null where a line has no point. */
export function dataOf(runs: readonly Run[], look: Look): uPlot.AlignedData {
  const lines: Points[] = runs.map((run) => pointsOf(run, look));
  const filled = lines.filter(({ x }) => x.length > 0);
  if (filled.length === 0) return [[], ...lines.map(() => [])];
  const joined = uPlot.join(filled.map(({ x, y }): uPlot.AlignedData => [x, y]));
  const [x = [], ...values] = joined;
  let next = 0;
  return [
    x as number[],
    ...lines.map((line) => (line.x.length > 0 ? (values[next++] ?? []) : Array.from(x, () => null))),
  ];
}

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly look: Look;
  readonly runs: readonly Run[];
  /** The value of each line under the pointer; null when it has left. */
  readonly onPoint: (values: (number | null)[] | null) => void;
}

export function makePlot(target: HTMLElement, { width, height, look, runs, onPoint }: PlotOptions): uPlot {
  const [ink, grid] = [colour('--muted'), colour('--line')];
  const axis = { stroke: ink, font: FONT, labelFont: FONT, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  const written = (value: number): string =>
    look.measure === 'loss' ? String(Number(value.toFixed(3))) : `${Number((100 * value).toFixed(1))} %`;
  return new uPlot(
    {
      width,
      height,
      padding: [12, 12, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: false, y: false },
        y: false,
        points: { size: 7 },
        dataIdx: (plot, series, hovered) => nearest(plot.data[series] ?? [], hovered),
      },
      scales: {
        x: { time: false, range: (_, __, most) => [0, Math.max(1, most ?? 0)] },
        y: { distr: look.log ? 3 : 1 },
      },
      axes: [
        { ...axis, label: LABELS[look.along], labelSize: 20, size: 30, incrs: WHOLE },
        { ...axis, size: 52, values: (_, splits) => splits.map((split) => (split === null ? '' : written(split))) },
      ],
      series: [
        {},
        ...runs.map((run, i) => ({
          stroke: colour(`--series-${run.place}`),
          width: 2,
          alpha: runs.findIndex(({ place }) => place === run.place) === i ? 1 : 0.55,
          spanGaps: true,
          points: { show: look.measure === 'accuracy', size: 6, fill: colour(`--series-${run.place}`) },
        })),
      ],
      hooks: {
        draw: [(plot) => drawMarks(plot, runs, look)],
        setCursor: [
          ({ cursor: { idx, idxs }, data }) =>
            onPoint(idx == null ? null : runs.map((_, i) => data[i + 1]?.[idxs?.[i + 1] ?? -1] ?? null)),
        ],
      },
    },
    dataOf(runs, look),
    target,
  );
}

/** Lines of the chart have no points where others have one: the nearest of its own is shown. */
function nearest(values: uPlot.AlignedData[number], index: number): number {
  for (let away = 0; away < values.length; away++) {
    if (values[index - away] != null) return index - away;
    if (values[index + away] != null) return index + away;
  }
  return index;
}

function drawMarks({ ctx, bbox, valToPos }: uPlot, runs: readonly Run[], look: Look): void {
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.5 * ratio;
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'top';
  let row = 0;
  for (const run of runs) {
    for (const { step, text } of marksOf(run)) {
      const x = valToPos(placeOf(run, step, look.along), 'x', true);
      if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(`--series-${run.place}`);
      ctx.setLineDash([4 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      const wide = ctx.measureText(text).width + 8 * ratio;
      const left = x + wide > bbox.left + bbox.width ? x - wide : x + 5 * ratio;
      ctx.fillText(text, left, bbox.top + (4 + 14 * (row++ % 4)) * ratio);
    }
  }
  ctx.restore();
}
