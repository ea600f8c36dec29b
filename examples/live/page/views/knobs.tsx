/** What the reader chooses of the chart. */
import type { Signal } from '@preact/signals';
import type { Measure } from '../curves/columns.js';
import type { Along } from '../curves/grid.js';
import { studied } from '../state/runs.js';
import { Choice } from './choice.js';

export interface KnobsProps {
  readonly measure: Signal<Measure>;
  readonly along: Signal<Along>;
  readonly log: Signal<boolean>;
  readonly smoothing: Signal<number>;
  readonly singles: Signal<boolean>;
  /** Whether lines of other studies are drawn, where there are such. */
  readonly held?: Signal<boolean>;
}

export function Knobs({ measure, along, log, smoothing, singles, held }: KnobsProps) {
  return (
    <div class="knobs">
      <Choice name="What" value={measure} options={{ loss: 'Loss', accuracy: 'Accuracy' }} />
      <Choice name="Along" value={along} options={{ step: 'Step', epoch: 'Epoch', time: 'Time' }} />
      <Tick value={log}>Logarithmic</Tick>
      {(studied.value?.seeds.length ?? 1) > 1 && <Tick value={singles}>Each seed</Tick>}
      {held && <Tick value={held}>References</Tick>}
      {measure.value === 'loss' && (
        <label class="smooth">
          Smoothing
          <input
            type="range"
            min={0}
            max={0.98}
            step={0.02}
            value={smoothing.value}
            onInput={({ currentTarget }) => (smoothing.value = Number(currentTarget.value))}
          />
        </label>
      )}
    </div>
  );
}

export function Tick({ value, children }: { value: Signal<boolean>; children: string }) {
  return (
    <label class="tick">
      <input type="checkbox" checked={value.value} onChange={() => (value.value = !value.value)} />
      {children}
    </label>
  );
}
