/** A box for a chart, which is made anew where it has to be another one, and otherwise is given its new values. */
import { useEffect, useRef } from 'preact/hooks';
import type { Columns } from '../curves/columns.js';
import type { Drawn } from '../curves/plot.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

interface ChartProps {
  /** What it is, for whoever cannot see it. */
  readonly label: string;
  readonly height: (width: number) => number;
  /** Whatever a chart cannot change later. */
  readonly made: string;
  readonly columns: Columns;
  readonly make: (target: HTMLElement, size: Size) => Drawn;
}

export function Chart({ label, height, made, columns, make }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Drawn | null>(null);
  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const size = () => ({ width: target.clientWidth, height: height(target.clientWidth) });
    const chart = make(target, size());
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.plot.setSize(size()));
    resized.observe(target);
    return () => {
      resized.disconnect();
      chart.plot.destroy();
      plot.current = null;
    };
  }, [made]);
  useEffect(() => plot.current?.show(columns), [columns]);
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}
