/** What the tuner says of a kernel, asked for at the size that is chosen. */
import type { Tuned } from '../../shared/protocol.js';
import { pending, phase, sizeOf, tune, tuned, tunedKey } from '../state/session.js';
import { milliseconds, sizeText } from '../text/figures.js';

export function Tuner({ id }: { id: string }) {
  const found = tuned.value[tunedKey(id, sizeOf(id))];
  return (
    <section class="card" aria-labelledby="tuner">
      <div class="head">
        <h2 id="tuner">What would the tuner choose?</h2>
        <button type="button" disabled={pending.value > 0 || phase.value !== 'ready'} onClick={tune}>
          Ask it at {sizeText(sizeOf(id))}
        </button>
      </div>
      {found?.length === 0 && <p class="note">There is one way to compute this: the tuner has no candidates.</p>}
      {found?.map((one) => (
        <Choice key={one.family} found={one} />
      ))}
      <p class="hint">
        Where a kernel can be cut in several ways, the tuner times them beside the default, round after round. What it
        finds more than 3 % faster holds on this page until you leave it, below and in later measurements.
      </p>
    </section>
  );
}

function Choice({ found: { family, choice, defaultMs, ms, candidates } }: { found: Tuned }) {
  const seen = candidates.filter((one): one is { candidate: string; ms: number } => one.ms !== null);
  const most = Math.max(defaultMs, ...seen.map((one) => one.ms));
  return (
    <div class="tuned">
      <p>
        <code>{family}</code>:{' '}
        {choice === null ? (
          <>the default, {milliseconds(defaultMs)}; no candidate is faster</>
        ) : (
          <>
            <code>{choice}</code>, {milliseconds(ms)} instead of {milliseconds(defaultMs)}
          </>
        )}
      </p>
      <ul class="candidates">
        {seen.map(({ candidate, ms: took }) => (
          <li key={candidate}>
            <code>{candidate}</code>
            <span class="track">
              <span class="bar" style={{ width: `${(100 * took) / most}%` }} />
            </span>
            <span>{milliseconds(took)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
