/** Learning curves: a small picture per scenario and measure, on scales shared by all scenarios. */
import type { Spec } from 'vega';
import type { EpochRecord } from '../results.js';
import type { Row, Summary } from './summary.js';
import { axisStyle, PAGE, render } from './vega.js';

type Measure = 'trainLoss' | 'testAccuracy';

interface Point {
  run: string;
  epoch: number;
  value: number;
}

const pointsOf = (row: Row, measure: Measure): Point[] =>
  row.runs.flatMap((run) =>
    run.history.map((e: EpochRecord) => ({ run: `seed ${run.seed}`, epoch: e.epoch, value: e[measure] })),
  );

/** Mean over the runs, epoch by epoch. */
function meanOf(row: Row, measure: Measure): Point[] {
  const byEpoch = new Map<number, number[]>();
  for (const { epoch, value } of pointsOf(row, measure)) byEpoch.set(epoch, [...(byEpoch.get(epoch) ?? []), value]);
  return [...byEpoch].map(([epoch, values]) => ({
    run: 'mean',
    epoch,
    value: values.reduce((a, b) => a + b, 0) / values.length,
  }));
}

function lines(data: string, stroke: string, strokeWidth: number, dash: number[]): Spec['marks'] & object {
  const x = { scale: 'x', field: 'epoch' };
  const y = { scale: 'y', field: 'value' };
  return [
    {
      type: 'group',
      from: { facet: { name: `${data}Runs`, data, groupby: 'run' } },
      marks: [
        {
          type: 'line',
          from: { data: `${data}Runs` },
          encode: {
            enter: {
              x,
              y,
              stroke: { value: stroke },
              strokeWidth: { value: strokeWidth },
              strokeDash: { value: dash },
            },
          },
        },
        ...(dash.length === 0
          ? [
              {
                type: 'symbol' as const,
                from: { data: `${data}Runs` },
                encode: { enter: { x, y, size: { value: 14 }, fill: { value: stroke } } },
              },
            ]
          : []),
      ],
    },
  ];
}

/** A scenario's curve of one measure as inline SVG, the baseline's mean dashed behind it. */
export async function curve(row: Row, summary: Summary, measure: Measure): Promise<string> {
  const all = summary.rows.flatMap((r) => pointsOf(r, measure));
  const epochs = Math.max(1, ...all.map((p) => p.epoch));
  const values = all.map((p) => p.value).filter(Number.isFinite);
  const every = Math.ceil(epochs / 6);
  const ticks = Array.from({ length: epochs }, (_, i) => i + 1).filter((e) => (e - 1) % every === 0);
  const baseline = summary.baseline && summary.baseline !== row ? meanOf(summary.baseline, measure) : [];
  return render({
    width: 210,
    height: 120,
    padding: { left: 44, right: 12, top: 10, bottom: 36 },
    autosize: 'none',
    config: { axis: axisStyle(PAGE, 12) },
    data: [
      { name: 'runs', values: pointsOf(row, measure) },
      { name: 'base', values: baseline },
    ],
    scales: [
      { name: 'x', type: 'linear', domain: epochs > 1 ? [1, epochs] : [0, 2], range: 'width', zero: false },
      {
        name: 'y',
        type: 'linear',
        domain: values.length > 0 ? [Math.min(...values), Math.max(...values)] : [0, 1],
        range: 'height',
        nice: 4,
        zero: false,
      },
    ],
    axes: [
      { orient: 'bottom', scale: 'x', values: ticks, format: 'd', title: 'epoch' },
      {
        orient: 'left',
        scale: 'y',
        grid: true,
        ticks: false,
        labelPadding: 6,
        tickCount: 4,
        format: measure === 'trainLoss' ? '.2~f' : '.0%',
      },
    ],
    marks: [...lines('base', PAGE.baseline, 1.5, [4, 3]), ...lines('runs', PAGE.bar, 2, [])],
  });
}
