/** What the study costs this machine: smoothness, memory, commands. */
import { frames } from '../state/frames.js';
import { current, runs, version } from '../state/runs.js';
import { load } from '../state/session.js';
import { duration, megabytes } from '../text/numbers.js';

export function Machine() {
  version.value;
  const [drawn, held] = [frames.value, load.value];
  return (
    <section class="card machine" aria-labelledby="machine">
      <h2 id="machine">This machine</h2>
      <dl>
        <Figure name="Frames per second" value={drawn ? drawn.perSecond.toFixed(0) : '–'} />
        <Figure name="Longest pause of the page" value={drawn ? `${drawn.longest.toFixed(0)} ms` : '–'} />
        <Figure name="GPU memory held" value={held ? megabytes(held.bytes) : '–'} />
        <Figure name="At most" value={held ? megabytes(held.peak) : '–'} />
        <Figure name="Dispatches per step" value={held?.dispatches ? String(held.dispatches) : '–'} />
        <Figure name="Reads per step" value={held?.reads ? held.reads.toFixed(2) : '–'} />
        <Figure name="Time per step" value={stepTime()} />
      </dl>
    </section>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

const LATEST = 20;

/** The mean of the latest steps of the run under way, or of the last that was. */
function stepTime(): string {
  const run = current.value ?? runs.value.findLast(({ losses }) => losses.length > 0);
  const times = run?.seconds.slice(-LATEST - 1) ?? [];
  const [first, last] = [times[0], times.at(-1)];
  if (first === undefined || last === undefined || times.length < 2) return '–';
  return duration((last - first) / (times.length - 1));
}
