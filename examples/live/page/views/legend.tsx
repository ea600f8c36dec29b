/** The scenarios of the chart by name, with their values: those under the pointer, else the latest. */
import { type Columns, type Look, latestOf } from '../curves/columns.js';
import { isWaiting, type Line } from '../curves/lines.js';
import { version } from '../state/runs.js';
import { percent } from '../text/numbers.js';
import { remarksOf } from '../text/remarks.js';
import { Swatch } from './swatch.js';

interface LegendProps {
  readonly lines: readonly Line[];
  readonly look: Look;
  readonly hidden: ReadonlySet<string>;
  readonly drawn: readonly Line[];
  readonly columns: Columns;
  readonly pointed: readonly (number | null)[] | null;
  readonly onToggle: (scenario: string) => void;
}

export function Legend({ lines, look, hidden, drawn, columns, pointed, onToggle }: LegendProps) {
  version.value;
  const latest = latestOf(columns);
  const shownValue = (line: Line): string => {
    const place = drawn.findIndex(({ scenario }) => scenario === line.scenario);
    const value = pointed?.[place] ?? latest[place];
    if (value === undefined) return '';
    return look.measure === 'loss' ? value.toFixed(3) : percent(value);
  };
  return (
    <ul class="legend">
      {lines.map((line) => {
        const { scenario, place } = line;
        return (
          <li key={scenario}>
            <button
              type="button"
              class={`series series-${place}`}
              aria-pressed={!hidden.has(scenario)}
              disabled={isWaiting(line)}
              onClick={() => onToggle(scenario)}
            >
              <Swatch place={place} />
              <span class="name">{scenario}</span>
              <span class="value">{isWaiting(line) ? 'waits' : shownValue(line)}</span>
            </button>
            {remarksOf(line).map(({ kind, text }) => (
              <p key={text} class={`remark ${kind}`}>
                {text}
              </p>
            ))}
          </li>
        );
      })}
    </ul>
  );
}
