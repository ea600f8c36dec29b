/** Micro-F1 of each scenario as its runs end, with what it is unsure by; until then, of its latest epoch, drawn lighter. */
import { SETS } from '../../../cifar/scenarios.js';
import { type Compared, type Scores as Found, type Row, scoresOf } from '../scores/rows.js';
import { isNoise } from '../scores/statistics.js';
import { pictures, runs, studied, version } from '../state/runs.js';
import { CARDS } from '../text/cards.js';
import { percent, plural } from '../text/numbers.js';
import { Swatch } from './swatch.js';

export function Scores() {
  version.value;
  const study = studied.value;
  if (!study) return null;
  const first = SETS[study.set][0]?.name ?? null;
  const before = (name: string): string | null => (name === first ? null : (CARDS[name]?.addsTo ?? first));
  const labels = pictures.value?.labels ?? new Uint8Array();
  const scores = scoresOf(study.scenarios, runs.value, before, labels);
  const means = Math.max(0.2, ...scores.rows.map(({ mean }) => mean ?? 0));
  // Of two seeds an interval may be wider than all there is to see: then it ends at the edge.
  const tops = Math.min(1.5 * means, Math.max(means, ...scores.rows.map(({ mean, half }) => (mean ?? 0) + half)));
  const end = Math.min(1, Math.ceil(tops * 20) / 20);
  return (
    <section class="card scores" aria-labelledby="scores">
      <h2 id="scores">Micro-F1 on test pictures</h2>
      <ul class="bars">
        {scores.rows.map((row) => (
          <Bar key={row.scenario} row={row} end={end} />
        ))}
      </ul>
      <Notes scores={scores} testSize={study.testSize} />
    </section>
  );
}

const points = (share: number): string => (100 * share).toFixed(1);

function Bar({ row, end }: { row: Row; end: number }) {
  const { scenario, place, mean, half, ended, waiting, compared } = row;
  const wide = (share: number): string => `${(100 * share) / end}%`;
  const [low, high] = [Math.max(0, (mean ?? 0) - half), Math.min(end, (mean ?? 0) + half)];
  return (
    <li class={`series-${place}`}>
      <span class="name">
        <Swatch place={place} />
        {scenario}
      </span>
      <span class="track" aria-hidden="true">
        {mean !== null && <span class={ended > 0 ? 'bar' : 'bar so-far'} style={{ width: wide(mean) }} />}
        {half > 0 && <span class="range" style={{ left: wide(low), width: wide(high - low) }} />}
      </span>
      <span class="score">
        {mean === null ? (waiting ? 'waits' : '…') : percent(mean)}
        {mean !== null && ended === 0 && <span class="unseen"> so far</span>}
        {half > 0 && <span class="give"> ± {points(half)}</span>}
      </span>
      {compared && <Difference compared={compared} />}
    </li>
  );
}

function Difference({ compared }: { compared: Compared }) {
  const { to, mean, half } = compared;
  const signed = `${mean < 0 ? '−' : '+'}${points(Math.abs(mean))} ± ${points(half)}`;
  return (
    <span class="versus">
      {signed} to {to}
      {isNoise(compared) ? <em> within noise</em> : ''}
    </span>
  );
}

/** What the intervals are of. */
function Notes({ scores: { rows, spread }, testSize }: { scores: Found; testSize: number }) {
  const compared = rows.flatMap((row) => row.compared ?? []);
  if (rows.every(({ ended }) => ended === 0))
    return <p class="note">Lighter bars are of runs under way, after their latest epoch.</p>;
  const pairs = new Set(compared.map(({ by }) => by));
  return (
    <>
      <p class="note">
        {spread
          ? `Means over seeds, ± 95 % by Student’s t: runs scatter by ${points(spread.deviation)} points (one standard deviation, pooled, ${plural(spread.freedom, 'degree')} of freedom).`
          : `One seed, ± 95 % by ${plural(testSize, 'test picture')}. Other seeds may change more: several show it.`}
      </p>
      {compared.length > 0 && (
        <p class="note">
          Differences are paired by {[...pairs].map((by) => (by === 'seeds' ? 'seed' : 'picture')).join(' or ')}: within
          noise are those whose interval holds zero.
        </p>
      )}
    </>
  );
}
