/** Shapes upon lines, which tell them apart without their colours. */
import type uPlot from 'uplot';
import type { Values } from './grid.js';
import { shapeOf } from './shapes.js';

/** Of a line that has a value at every pixel: so many shapes, and so many pixels from one shape to that of the next line. */
const EACH = 5;
const APART = 14;
const RADIUS = 4.5;

/**
 * Draws the shapes of a line.
 *
 * @param every whether each value has one; otherwise a few do, elsewhere than those of other lines
 */
export function drawShapes(plot: uPlot, values: Values, place: number, colour: string, every: boolean): void {
  const { ctx, bbox, data } = plot;
  const [ratio, shape] = [devicePixelRatio, new Path2D(shapeOf(place))];
  ctx.save();
  ctx.fillStyle = colour;
  for (const i of every ? values.keys() : spread(values, bbox.width / ratio, place)) {
    const [x, y] = [data[0][i], values[i]];
    if (x === undefined || y === null || y === undefined) continue;
    ctx.save();
    ctx.translate(plot.valToPos(x, 'x', true), plot.valToPos(y, 'y', true));
    ctx.scale(RADIUS * ratio, RADIUS * ratio);
    ctx.fill(shape);
    ctx.restore();
  }
  ctx.restore();
}

/** Places along a line, always the same ones of a line, and its last value. */
function spread(values: Values, width: number, place: number): number[] {
  const last = values.findLastIndex((value) => value !== null);
  if (last < 0) return [];
  const perPixel = values.length / Math.max(1, width);
  const found: number[] = [];
  for (let n = 0; n < EACH; n++) {
    const index = Math.round(((n + 0.5) / EACH) * values.length + (place - 4) * APART * perPixel);
    if (index >= 0 && index < last) found.push(index);
  }
  return [...found, last];
}
