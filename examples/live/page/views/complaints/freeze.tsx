/** “It freezes the page.” */
import { beginFreezeTest, freezeTest } from '../../state/complaints.js';
import { frames } from '../../state/frames.js';
import { phase, provoke } from '../../state/session.js';

const SECONDS = 5;

export function Freeze() {
  const [drawn, test] = [frames.value, freezeTest.value];
  const underway = test !== null && !test.done;
  const begin = (): void => {
    beginFreezeTest();
    provoke({ what: 'freeze', seconds: SECONDS });
  };
  return (
    <article class="complaint">
      <h3>“It freezes the page”</h3>
      <p>
        Training runs in a worker.{' '}
        {drawn && (
          <>
            The page draws {drawn.perSecond.toFixed(0)} frames per second; its longest pause since the study began was{' '}
            {drawn.longest.toFixed(0)} ms.
          </>
        )}
      </p>
      <button type="button" onClick={begin} disabled={phase.value !== 'ready' || underway}>
        Freeze test
      </button>
      <p class="result" role="status">
        {underway && `The GPU multiplies matrices, as fast as it can, for ${SECONDS} seconds…`}
        {test?.done && (
          <>
            {SECONDS} seconds of {speedText(test.flops)}: the longest pause of the page was{' '}
            <b>{test.done.longest.toFixed(0)} ms</b>, at {test.done.perSecond.toFixed(0)} frames per second.
          </>
        )}
      </p>
      <p class="hint">{phase.value === 'ready' ? '' : 'To be tried once the study has ended, or was stopped.'}</p>
    </article>
  );
}

const speedText = (flops: number): string =>
  flops >= 1e12 ? `${(flops / 1e12).toFixed(1)} TFLOP/s` : `${(flops / 1e9).toFixed(1)} GFLOP/s`;
