/** Lines of other studies, to hold one's own against: dashed, under the curves. */
import type uPlot from 'uplot';
import { colour } from '../state/theme.js';

export interface ReferenceLine {
  /** Of its scenario in the set. */
  readonly place: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Lengths of dashes and gaps, which say whose it is. */
  readonly dash: readonly number[];
}

export function drawReferences({ ctx, valToPos }: uPlot, lines: readonly ReferenceLine[]): void {
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.5 * ratio;
  for (const { place, x, y, dash } of lines) {
    ctx.strokeStyle = colour(`--series-${place}`);
    ctx.setLineDash(dash.map((length) => length * ratio));
    ctx.beginPath();
    for (const [i, value] of y.entries()) {
      const at = [valToPos(x[i] ?? 0, 'x', true), valToPos(value, 'y', true)] as const;
      if (i === 0) ctx.moveTo(...at);
      else ctx.lineTo(...at);
    }
    ctx.stroke();
  }
  ctx.restore();
}
