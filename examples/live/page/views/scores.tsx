/** Micro-F1 of each scenario as its runs end; until then, of its latest epoch, drawn lighter. */
import { noiseOf } from '../../../cifar/report/noise.js';
import { type Run, runs, studied, version } from '../state/runs.js';
import { percent } from '../text/numbers.js';

interface Row {
  readonly scenario: string;
  readonly place: number;
  readonly mean: number | null;
  readonly least: number;
  readonly most: number;
  readonly final: boolean;
  readonly waiting: boolean;
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function rowOf(scenario: string, own: readonly Run[]): Row {
  const ended = own.flatMap(({ result }) => (result ? [result.microF1] : []));
  // Each picture has one class: then micro-F1 is accuracy.
  const latest = own.flatMap(({ accuracies }) => accuracies.at(-1)?.accuracy ?? []);
  const scores = ended.length > 0 ? ended : latest;
  return {
    scenario,
    place: own[0]?.place ?? 0,
    mean: scores.length > 0 ? meanOf(scores) : null,
    least: Math.min(...scores),
    most: Math.max(...scores),
    final: ended.length > 0,
    waiting: own.every(({ state }) => state === 'waiting'),
  };
}

export function Scores() {
  version.value;
  const study = studied.value;
  if (!study) return null;
  const rows = study.scenarios.map((name) =>
    rowOf(
      name,
      runs.value.filter(({ scenario }) => scenario === name),
    ),
  );
  const top = Math.max(0.2, ...rows.map(({ mean, most }) => (mean === null ? 0 : most)));
  const end = Math.min(1, Math.ceil(top * 10 + 0.2) / 10);
  return (
    <section class="card scores" aria-labelledby="scores">
      <h2 id="scores">Micro-F1 on test pictures</h2>
      <ul class="bars">
        {rows.map((row) => (
          <Bar key={row.scenario} row={row} end={end} />
        ))}
      </ul>
      <Noise />
    </section>
  );
}

function Bar({ row, end }: { row: Row; end: number }) {
  const { scenario, place, mean, least, most, final, waiting } = row;
  const wide = (share: number): string => `${(100 * share) / end}%`;
  return (
    <li class={`series-${place}`}>
      <span class="name">{scenario}</span>
      <span class="track" aria-hidden="true">
        {mean !== null && <span class={final ? 'bar' : 'bar so-far'} style={{ width: wide(mean) }} />}
        {mean !== null && most > least && (
          <span class="range" style={{ left: wide(least), width: wide(most - least) }} />
        )}
      </span>
      <span class="score">
        {mean === null ? (waiting ? 'waits' : '…') : percent(mean)}
        {mean !== null && !final && <span class="unseen"> so far</span>}
      </span>
    </li>
  );
}

/** What a difference has to be to say anything. */
function Noise() {
  const study = studied.value;
  const done = runs.value.filter(({ result }) => result !== null);
  if (!study || done.length < 2)
    return <p class="note">Lighter bars are of runs under way, after their latest epoch.</p>;
  const scores = study.scenarios
    .map((name) => done.flatMap(({ scenario, result }) => (scenario === name && result ? [result.microF1] : [])))
    .filter((found) => found.length > 0);
  const { bound, spread } = noiseOf(scores, study.testSize);
  const what = spread === null ? `${study.testSize} test pictures` : `${study.testSize} test pictures and these seeds`;
  return (
    <p class="note">
      Differences below {(100 * bound).toFixed(1)} points are within noise: {what} cannot tell them from chance
      (95&nbsp;% confidence).
    </p>
  );
}
