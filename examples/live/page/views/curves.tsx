/** Loss and accuracy of all scenarios in one chart, the learning rate below, and a legend that names, hides and compares them. */
import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { columnsOf, type Look, type Measure, ratesOf } from '../curves/columns.js';
import type { Along } from '../curves/grid.js';
import { isWaiting, linesOf } from '../curves/lines.js';
import { makePlot } from '../curves/plot.js';
import { makeRatePlot } from '../curves/rates.js';
import { described, linesOf as linesOfReference } from '../references/reference.js';
import { ownReferences } from '../state/references.js';
import { runs, studied, version } from '../state/runs.js';
import { theme } from '../state/theme.js';
import { Chart } from './chart.js';
import { Knobs } from './knobs.js';
import { Legend } from './legend.js';

const HEIGHT = 320;
const RATE_HEIGHT = 84;
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
  const singles = useSignal(false);
  const held = useSignal(true);
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const pointed = useSignal<(number | null)[] | null>(null);
  const seeds = studied.value?.seeds.length ?? 1;
  const look: Look = {
    measure: measure.value,
    along: along.value,
    log: log.value,
    smoothing: measure.value === 'loss' ? smoothing.value : 0,
    singles: singles.value && seeds > 1,
  };
  const all = linesOf(runs.value);
  const lines = all.filter((line) => !isWaiting(line) && !hidden.value.has(line.scenario));
  const hasPoints = runs.value.some((run) => (look.measure === 'loss' ? run.losses : run.accuracies).length > 0);
  const shown = JSON.stringify([look, lines.map(({ scenario, runs: own }) => [scenario, own.length])]);

  const columns = useMemo(() => columnsOf(lines, look), [shown, runs.value, version.value]);
  const rates = useMemo(() => ratesOf(lines, look), [shown, runs.value, version.value]);
  const toggle = (scenario: string): void => {
    const next = new Set(hidden.value);
    if (!next.delete(scenario)) next.add(scenario);
    hidden.value = next;
  };
  const toHold = look.measure === 'accuracy' && look.along !== 'time' ? ownReferences() : [];
  const references = held.value ? toHold : [];
  const perEpoch =
    look.along === 'epoch' ? 1 : (runs.value.find(({ losses }) => losses.length > 0)?.stepsPerEpoch ?? 1);
  const referenceLines = references.flatMap((one) =>
    linesOfReference(one, lines, perEpoch, { epochs: studied.value?.epochs ?? 1 }),
  );
  const made = `${theme.value} ${shown} ${references.map(({ by }) => by)}`;
  const what = look.measure === 'loss' ? 'Training loss' : 'Test accuracy';
  return (
    <section class="card curves" aria-labelledby="curves">
      <div class="head">
        <h2 id="curves">Curves</h2>
        <Knobs {...{ measure, along, log, smoothing, singles }} {...(toHold.length > 0 && { held })} />
      </div>
      {hasPoints ? (
        <Chart
          label={`${what} by ${look.along}. The list below has the latest values.`}
          height={(width) => Math.min(HEIGHT, Math.max(220, width * 0.55))}
          made={made}
          columns={columns}
          make={(target, size) =>
            makePlot(target, {
              ...size,
              look,
              lines,
              columns,
              references: referenceLines,
              onPoint: (values) => (pointed.value = values),
            })
          }
        />
      ) : (
        <p class="note nothing">{NOTHING[look.measure]}</p>
      )}
      {hasPoints && references.length > 0 && (
        <p class="note">In the colours of their scenarios, {references.map(described).join('; ')}.</p>
      )}
      {seeds > 1 && hasPoints && <BandNote measure={look.measure} />}
      {hasPoints && rates.x.length > 0 && (
        <figure class="rates">
          <figcaption>Learning rate</figcaption>
          <Chart
            label={`Learning rate by ${look.along}, on a logarithmic scale`}
            height={() => RATE_HEIGHT}
            made={made}
            columns={rates}
            make={(target, size) => makeRatePlot(target, { ...size, lines, columns: rates })}
          />
        </figure>
      )}
      <Legend
        lines={all}
        look={look}
        hidden={hidden.value}
        drawn={lines}
        columns={columns}
        pointed={pointed.value}
        onToggle={toggle}
      />
    </section>
  );
}

const BandNote = ({ measure }: { measure: Measure }) => (
  <p class="note">
    Each line is the mean over the seeds that have got there, its band reaches from the least of them to the most
    {measure === 'loss' ? ', each smoothed by itself' : ''}.
  </p>
);
