/** “When the GPU resets, everything is gone.” */
import { type Loss, losses } from '../../state/complaints.js';
import { current, titleOf } from '../../state/runs.js';
import { phase, provoke } from '../../state/session.js';
import { duration, plural } from '../../text/numbers.js';

export function Lost() {
  const isTraining = (phase.value === 'training' || phase.value === 'paused') && current.value !== null;
  const isLost = losses.value.some(({ run, back }) => !back && run.state === 'running');
  return (
    <article class="complaint">
      <h3>“When the device is lost, all is lost”</h3>
      <p>
        Drivers reset, laptops sleep, browsers take the GPU away. A snapshot every five seconds, in the background, is
        what a run goes on from.
      </p>
      <button type="button" onClick={() => provoke({ what: 'lose' })} disabled={!isTraining || isLost}>
        Lose the device
      </button>
      <ul class="result" role="status">
        {losses.value.slice(-3).map((loss) => (
          <li key={loss}>
            <Told loss={loss} />
          </li>
        ))}
      </ul>
      <p class="hint">{isTraining ? '' : 'To be tried while a run is under way.'}</p>
    </article>
  );
}

function Told({ loss: { run, step, back, again, differsAt } }: { loss: Loss }) {
  const lost = `${titleOf(run)}: lost after step ${step}. `;
  if (!back)
    return (
      <>
        {lost}
        {run.state === 'running' ? 'Looking for another…' : 'There was no other.'}
      </>
    );
  const wanted = step - back.step;
  return (
    <>
      {lost}A new device after {duration(back.seconds)}; went on from step {back.step}.{' '}
      {wanted === 0 ? (
        'No step had to be made again.'
      ) : again < wanted ? (
        `${again} of ${plural(wanted, 'step')} made again.`
      ) : differsAt === null ? (
        <b class="good">{plural(wanted, 'step')} made again, equal to the bit.</b>
      ) : (
        <b class="bad">
          {plural(wanted, 'step')} made again, another loss at step {differsAt}.
        </b>
      )}
    </>
  );
}
