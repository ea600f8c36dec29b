/** What lies under the lines: bands over seeds, and each seed by itself. Drawn by hand, which is faster than a series for each. */
import type uPlot from 'uplot';
import type { Columns } from './columns.js';
import type { Values } from './grid.js';

/** Points of all single seeds together. */
const MOST = 6000;

/** From a value to its pixel, without asking the chart for each. */
function scaleOf(plot: uPlot, log: boolean): (value: number) => number {
  const of = log ? Math.log10 : (value: number): number => value;
  const { min, max } = plot.scales.y ?? {};
  const [low, high] = [min ?? 0, max ?? 1];
  const [from, to] = [plot.valToPos(low, 'y', true), plot.valToPos(high, 'y', true)];
  const perUnit = (to - from) / (of(high) - of(low));
  return (value) => from + (of(value) - of(low)) * perUnit;
}

export function drawUnder(plot: uPlot, { x, curves }: Columns, colours: readonly string[], log: boolean): void {
  const { ctx, bbox } = plot;
  if (curves.every(({ seeds, low }) => seeds.length === 0 && low.every((value) => value === null))) return;
  const y = scaleOf(plot, log);
  const pixels = x.map((place) => plot.valToPos(place, 'x', true));
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [i, { low, high }] of curves.entries()) {
    ctx.fillStyle = colours[i] ?? '';
    ctx.globalAlpha = 0.18;
    ctx.beginPath();
    trace(ctx, pixels, low, y, false);
    trace(ctx, pixels, high, y, true);
    ctx.fill();
  }
  const points = curves.reduce((sum, { seeds }) => sum + seeds.length * x.length, 0);
  const every = Math.max(1, Math.ceil(points / MOST));
  ctx.lineWidth = devicePixelRatio;
  ctx.globalAlpha = 0.5;
  for (const [i, { seeds }] of curves.entries()) {
    ctx.strokeStyle = colours[i] ?? '';
    ctx.beginPath();
    for (const values of seeds) stroke(ctx, pixels, values, y, every);
    ctx.stroke();
  }
  ctx.restore();
}

type Scale = (value: number) => number;

/** Goes along one edge of a band, there or back. Bands have no holes: seeds reach a place one after the other. */
function trace(ctx: CanvasRenderingContext2D, pixels: readonly number[], edge: Values, y: Scale, back: boolean): void {
  for (let n = 0; n < edge.length; n++) {
    const i = back ? edge.length - 1 - n : n;
    const value = edge[i];
    if (value !== null && value !== undefined) ctx.lineTo(pixels[i] ?? 0, y(value));
  }
}

function stroke(
  ctx: CanvasRenderingContext2D,
  pixels: readonly number[],
  values: Values,
  y: Scale,
  every: number,
): void {
  let begun = false;
  for (let i = 0; i < values.length; i += every) {
    const value = values[i];
    if (value === null || value === undefined) continue;
    if (begun) ctx.lineTo(pixels[i] ?? 0, y(value));
    else ctx.moveTo(pixels[i] ?? 0, y(value));
    begun = true;
  }
}
