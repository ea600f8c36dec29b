/** “It eats memory.” */
import type { Held } from '../../../shared/complaints.js';
import { beginMemoryTest, memoryTest } from '../../state/complaints.js';
import { load, phase, provoke } from '../../state/session.js';
import { megabytes, thousands } from '../../text/numbers.js';

const STEPS = 10_000;

export function Memory() {
  const [held, test] = [load.value, memoryTest.value];
  const underway = test !== null && !test.done;
  const begin = (): void => {
    beginMemoryTest(STEPS);
    provoke({ what: 'memory', steps: STEPS });
  };
  return (
    <article class="complaint">
      <h3>“It eats memory”</h3>
      <p>
        Buffers of a step are used again by the next.{' '}
        {held && (
          <>
            The GPU holds {megabytes(held.bytes)} in {thousands(held.buffers)} buffers now, and held{' '}
            {megabytes(held.peak)} at most.
          </>
        )}
      </p>
      {underway ? (
        <button type="button" onClick={() => provoke({ what: 'enough' })}>
          Enough
        </button>
      ) : (
        <button type="button" onClick={begin} disabled={phase.value !== 'ready'}>
          {thousands(STEPS)} steps
        </button>
      )}
      {underway && (
        <progress value={test.held.at(-1)?.steps ?? 0} max={test.wanted} aria-label="Steps of the memory test" />
      )}
      <p class="result" role="status">
        {underway && 'A small net trains…'}
        {test?.done && <Found held={test.held} />}
      </p>
    </article>
  );
}

function Found({ held }: { held: readonly Held[] }) {
  const [first, last] = [held[0], held.at(-1)];
  if (!first || !last || last.steps === 0) return <>Stopped before anything could be said.</>;
  const isFlat = held.every(({ bytes, buffers }) => bytes === first.bytes && buffers === first.buffers);
  const most = Math.max(...held.map(({ bytes }) => bytes));
  const begun = `${exactly(first.bytes)} in ${first.buffers} buffers`;
  return isFlat ? (
    <>
      After {thousands(last.steps)} steps as at the beginning: <b>{begun}</b>, looked at {held.length} times.
    </>
  ) : (
    <>
      From {begun} to <b>{`${exactly(last.bytes)} in ${last.buffers} buffers`}</b> after {thousands(last.steps)} steps,{' '}
      {exactly(most)} at most.
    </>
  );
}

const exactly = (bytes: number): string => `${thousands(bytes)} bytes`;
