/** Histograms one above the other, the latest in front. */
import { colour } from '../../state/theme.js';

export const WIDE = 280;
export const HIGH = 150;
/** Room for the highest of the back. */
const TOP = 44;
const FOOT = 4;

/** @param rows heights from 0 to 1, from the earliest to the latest, which stands in front, below */
export function drawRidge(context: CanvasRenderingContext2D, rows: readonly ArrayLike<number>[], zero: number): void {
  const [back, front, surface] = [colour('--edge'), colour('--accent'), colour('--surface')];
  const baseOf = (i: number): number =>
    rows.length < 2 ? HIGH - FOOT : TOP + ((HIGH - FOOT - TOP) * i) / (rows.length - 1);
  if (zero > 0 && zero < 1) {
    context.strokeStyle = colour('--line');
    context.beginPath();
    context.moveTo(zero * WIDE, 0);
    context.lineTo(zero * WIDE, HIGH);
    context.stroke();
  }
  for (const [i, heights] of rows.entries()) {
    const isLast = i === rows.length - 1;
    trace(context, heights, baseOf(i));
    context.fillStyle = surface;
    context.globalAlpha = 0.85;
    context.fill();
    context.globalAlpha = isLast ? 1 : 0.35 + (0.5 * i) / rows.length;
    context.strokeStyle = isLast ? front : back;
    context.lineWidth = isLast ? 1.8 : 1;
    context.stroke();
    context.globalAlpha = 1;
  }
}

/** Two of the same axis and base, the second dashed. */
export function drawTwo(context: CanvasRenderingContext2D, first: ArrayLike<number>, second: ArrayLike<number>): void {
  for (const [heights, name, dash] of [
    [first, '--muted', [4, 3]],
    [second, '--accent', []],
  ] as const) {
    trace(context, heights, HIGH - FOOT, HIGH - FOOT - 8);
    context.setLineDash([...dash]);
    context.strokeStyle = colour(name);
    context.lineWidth = 1.8;
    context.stroke();
  }
  context.setLineDash([]);
}

function trace(context: CanvasRenderingContext2D, heights: ArrayLike<number>, base: number, high = TOP - 4): void {
  const step = WIDE / heights.length;
  context.beginPath();
  context.moveTo(0, base);
  for (let i = 0; i < heights.length; i++) context.lineTo((i + 0.5) * step, base - high * (heights[i] ?? 0));
  context.lineTo(WIDE, base);
}
