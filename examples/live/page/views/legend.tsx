/** The runs of the chart by name, with their values: those under the pointer, else the latest. */
import { type Look, pointsOf } from '../curves/points.js';
import { keyOf, type Run, runs, titleOf, version } from '../state/runs.js';
import { firstChange } from '../text/marks.js';
import { percent, plural } from '../text/numbers.js';

interface LegendProps {
  readonly look: Look;
  readonly hidden: ReadonlySet<string>;
  readonly drawn: readonly Run[];
  readonly pointed: readonly (number | null)[] | null;
  readonly onToggle: (key: string) => void;
}

export function Legend({ look, hidden, drawn, pointed, onToggle }: LegendProps) {
  const shownValue = (run: Run): string => {
    const value = pointed?.[drawn.indexOf(run)] ?? pointsOf(run, look).y.at(-1);
    if (value === undefined) return '';
    return look.measure === 'loss' ? value.toFixed(3) : percent(value);
  };
  return (
    <ul class="legend">
      {runs.value.map((run) => {
        const key = keyOf(run);
        return (
          <li key={key}>
            <button
              type="button"
              class={`series series-${run.place}`}
              aria-pressed={!hidden.has(key)}
              disabled={run.state === 'waiting'}
              onClick={() => onToggle(key)}
            >
              <span class="swatch" aria-hidden="true" />
              <span class="name">{titleOf(run)}</span>
              <span class="value">{run.state === 'waiting' ? 'waits' : shownValue(run)}</span>
            </button>
            <Remark run={run} />
          </li>
        );
      })}
    </ul>
  );
}

function Remark({ run }: { run: Run }) {
  version.value;
  if (run.state === 'diverged') return <p class="remark bad">Diverged: {run.what}</p>;
  const { same, disturbances } = run;
  const [disturbed] = disturbances;
  if (disturbed)
    return (
      <p class="remark">
        Not compared with others: {disturbed.what} after step {disturbed.step}
      </p>
    );
  if (!same || same.compared === 0) return null;
  const { compared, differsAt } = same;
  if (differsAt === null) return <p class="remark good">✓ {plural(compared, 'step')} equal to last time, to the bit</p>;
  const first = firstChange(run);
  if (first && differsAt >= first.step)
    return (
      <p class="remark">
        As last time to the bit until step {first.step}, where {first.what} was changed
      </p>
    );
  return <p class="remark bad">Differs from last time at step {differsAt}</p>;
}
