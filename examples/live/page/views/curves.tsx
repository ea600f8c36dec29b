/** Loss and accuracy of all runs in one chart, with a legend that names, hides and compares them. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { dataOf, makePlot } from '../curves/plot.js';
import type { Along, Look, Measure } from '../curves/points.js';
import { keyOf, type Run, runs, version } from '../state/runs.js';
import { theme } from '../state/theme.js';
import { Choice } from './choice.js';
import { Legend } from './legend.js';

const HEIGHT = 320;
/** Why there is nothing to draw yet. */
const NOTHING = {
  loss: 'The first loss is on its way. Shaders are compiled before the first step.',
  accuracy: 'The first accuracy comes at the end of an epoch.',
} as const satisfies Record<Measure, string>;

export function Curves() {
  const measure = useSignal<Measure>('loss');
  const along = useSignal<Along>('step');
  const log = useSignal(false);
  const smoothing = useSignal(0.6);
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const pointed = useSignal<(number | null)[] | null>(null);
  version.value;
  const look: Look = {
    measure: measure.value,
    along: along.value,
    log: log.value,
    smoothing: measure.value === 'loss' ? smoothing.value : 0,
  };
  const drawn = runs.value.filter((run) => run.state !== 'waiting' && !hidden.value.has(keyOf(run)));
  const hasPoints = runs.value.some((run) => (look.measure === 'loss' ? run.losses : run.accuracies).length > 0);
  const toggle = (key: string): void => {
    const next = new Set(hidden.value);
    if (!next.delete(key)) next.add(key);
    hidden.value = next;
  };
  return (
    <section class="card curves" aria-labelledby="curves">
      <div class="head">
        <h2 id="curves">Curves</h2>
        <div class="knobs">
          <Choice name="What" value={measure} options={{ loss: 'Loss', accuracy: 'Accuracy' }} />
          <Choice name="Along" value={along} options={{ step: 'Step', epoch: 'Epoch', time: 'Time' }} />
          <label class="tick">
            <input type="checkbox" checked={log.value} onChange={() => (log.value = !log.value)} />
            Logarithmic
          </label>
          <label class="smooth">
            Smoothing
            <input
              type="range"
              min={0}
              max={0.98}
              step={0.02}
              value={smoothing.value}
              disabled={measure.value === 'accuracy'}
              onInput={({ currentTarget }) => (smoothing.value = Number(currentTarget.value))}
            />
          </label>
        </div>
      </div>
      {hasPoints ? (
        <Plot look={look} drawn={drawn} onPoint={(values) => (pointed.value = values)} />
      ) : (
        <p class="note nothing">{NOTHING[look.measure]}</p>
      )}
      <Legend look={look} hidden={hidden.value} drawn={drawn} pointed={pointed.value} onToggle={toggle} />
    </section>
  );
}

interface PlotProps {
  readonly look: Look;
  readonly drawn: readonly Run[];
  readonly onPoint: (values: (number | null)[] | null) => void;
}

function Plot({ look, drawn, onPoint }: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // What a chart cannot change later makes another one.
  const made = JSON.stringify([theme.value, look, drawn.map(keyOf)]);
  useEffect(() => {
    const target = box.current;
    if (!target) return;
    const size = () => ({
      width: target.clientWidth,
      height: Math.min(HEIGHT, Math.max(220, target.clientWidth * 0.55)),
    });
    const chart = makePlot(target, { ...size(), look, runs: drawn, onPoint });
    plot.current = chart;
    const resized = new ResizeObserver(() => chart.setSize(size()));
    resized.observe(target);
    return () => {
      resized.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [made]);
  useEffect(() => plot.current?.setData(dataOf(drawn, look)), [version.value]);
  const label = `${look.measure === 'loss' ? 'Training loss' : 'Test accuracy'} by ${look.along}. The list below has the latest values.`;
  return <div class="plot" ref={box} role="img" aria-label={label} />;
}
