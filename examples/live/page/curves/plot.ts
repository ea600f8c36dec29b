/** The chart itself, by uPlot: lines of scenarios with bands over their seeds, and marks where the reader changed something. */
import uPlot from 'uplot';
import type { Run } from '../state/runs.js';
import { colour } from '../state/theme.js';
import { marksOf } from '../text/marks.js';
import { type Columns, dataOf, type Look } from './columns.js';
import { placeOf } from './grid.js';
import type { Line } from './lines.js';
import { drawShapes } from './markers.js';
import { drawReferences, type ReferenceLine } from './references.js';
import { drawUnder } from './under.js';

const FONT = '12px system-ui, sans-serif';
/** Ticks at whole numbers. */
const WHOLE = [1, 10, 100, 1000, 10_000].flatMap((power) => [1, 2, 5].map((digit) => digit * power));
const LABELS = { step: 'step', epoch: 'epoch', time: 'seconds' } as const;

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly look: Look;
  readonly lines: readonly Line[];
  readonly columns: Columns;
  readonly references: readonly ReferenceLine[];
  /** The value of each line under the pointer; null when it has left. */
  readonly onPoint: (values: (number | null)[] | null) => void;
}

export function axisLook(): Pick<uPlot.Axis, 'stroke' | 'font' | 'labelFont' | 'grid' | 'ticks'> {
  const grid = { stroke: colour('--line'), width: 1 };
  return { stroke: colour('--muted'), font: FONT, labelFont: FONT, grid, ticks: { show: false } };
}

export const xAxis = ({ along }: Look): uPlot.Axis => ({
  ...axisLook(),
  label: LABELS[along],
  labelSize: 20,
  size: 30,
  incrs: WHOLE,
});

/** From the beginning, however short what there is. */
export const xScale: uPlot.Scale = { time: false, range: (_, __, most) => [0, Math.max(1, most ?? 0)] };

/** A chart, and how it is given what has become of its lines. */
export interface Drawn {
  readonly plot: uPlot;
  show(columns: Columns): void;
}

export function makePlot(target: HTMLElement, options: PlotOptions): Drawn {
  const { width, height, look, lines, references, onPoint } = options;
  let { columns } = options;
  const colours = lines.map(({ place }) => colour(`--series-${place}`));
  const written = (value: number): string =>
    look.measure === 'loss' ? String(Number(value.toFixed(3))) : `${Number((100 * value).toFixed(1))} %`;
  const farthest = Math.max(0, ...references.flatMap(({ x }) => x));
  const runs = lines.flatMap((line) => line.runs);
  const plot = new uPlot(
    {
      width,
      height,
      padding: [12, 12, 0, 0],
      legend: { show: false },
      cursor: {
        drag: { x: false, y: false },
        y: false,
        points: { size: 7 },
        dataIdx: (chart, series, hovered) => nearest(chart.data[series] ?? [], hovered),
      },
      scales: {
        x: { time: false, range: (_, __, most) => [0, Math.max(1, most ?? 0, farthest)] },
        y: { distr: look.log ? 3 : 1, range: () => rangeOf(columns, look, references) },
      },
      axes: [
        xAxis(look),
        {
          ...axisLook(),
          size: 52,
          values: (_, splits) => splits.map((split) => (split === null ? '' : written(split))),
        },
      ],
      series: [{}, ...colours.map((stroke) => ({ stroke, width: 2, spanGaps: true, points: { show: false } }))],
      hooks: {
        drawAxes: [
          (chart) => {
            drawUnder(chart, columns, colours, look.log);
            drawReferences(chart, references);
          },
        ],
        drawSeries: [
          (chart, series) => {
            const [line, curve] = [lines[series - 1], columns.curves[series - 1]];
            if (line && curve)
              drawShapes(chart, curve.mean, line.place, colours[series - 1] ?? '', look.measure === 'accuracy');
          },
        ],
        draw: [(chart) => drawMarks(chart, runs, look)],
        setCursor: [
          ({ cursor: { idx, idxs }, data }) =>
            onPoint(idx == null ? null : lines.map((_, i) => data[i + 1]?.[idxs?.[i + 1] ?? -1] ?? null)),
        ],
      },
    },
    dataOf(columns),
    target,
  );
  return {
    plot,
    show(found) {
      columns = found;
      plot.setData(dataOf(found));
    },
  };
}

/** As uPlot would have it, with room for bands, seeds and references, which it does not know of. */
function rangeOf(columns: Columns, { log }: Look, references: readonly ReferenceLine[]): uPlot.Range.MinMax {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const reach = (values: Iterable<number | null>): void => {
    for (const value of values) {
      if (value === null) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  };
  for (const { mean, low, high } of columns.curves) for (const values of [mean, low, high]) reach(values);
  for (const { y } of references) reach(y);
  if (least > most) return [null, null];
  return log ? uPlot.rangeLog(least, most, 10, false) : uPlot.rangeNum(least, most, 0.1, true);
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
