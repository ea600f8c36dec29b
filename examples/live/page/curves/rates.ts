/** The learning rate, in a small chart of its own below the curves. */
import uPlot from 'uplot';
import { colour } from '../state/theme.js';
import { rateText } from '../text/numbers.js';
import { type Columns, dataOf } from './columns.js';
import type { Line } from './lines.js';
import { drawShapes } from './markers.js';
import { axisLook, type Drawn, xScale } from './plot.js';

export interface RateOptions {
  readonly width: number;
  readonly height: number;
  readonly lines: readonly Line[];
  readonly columns: Columns;
}

export function makeRatePlot(target: HTMLElement, { width, height, lines, columns }: RateOptions): Drawn {
  const colours = lines.map(({ place }) => colour(`--series-${place}`));
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const plot = new uPlot(
    {
      width,
      height,
      padding: [8, 12, 4, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: xScale, y: { distr: 3, range: (_, low, high) => [(low || 1e-4) / 1.6, (high || 1e-3) * 1.6] } },
      axes: [
        { ...axisLook(), size: 0, values: () => [] },
        { ...axisLook(), size: 52, space: 22, values: (_, splits) => splits.map((split) => label(split)) },
      ],
      series: [
        {},
        ...colours.map((stroke) => ({
          stroke,
          width: 1.5,
          points: { show: false },
          ...(stepped && { paths: stepped }),
        })),
      ],
      hooks: {
        drawSeries: [
          (plot, series) => {
            const own = lines[series - 1];
            const values = (plot.data[series] ?? []) as (number | null)[];
            if (own) drawShapes(plot, values, own.place, colours[series - 1] ?? '', false);
          },
        ],
      },
    },
    dataOf(columns),
    target,
  );
  return { plot, show: (found) => plot.setData(dataOf(found)) };
}

/** Of a logarithmic axis: 1, 2 and 5 times a power of ten. */
function label(split: number | null): string {
  if (split === null) return '';
  const digit = Math.round(split / 10 ** Math.floor(Math.log10(split) + 1e-9));
  return [1, 2, 5].includes(digit) ? rateText(split) : '';
}
