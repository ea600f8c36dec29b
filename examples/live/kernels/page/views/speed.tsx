/** How fast a kernel is up its ladder of sizes, as a share of what the adapter can do. */
import type { Measured, Rung, Speed } from '../../shared/protocol.js';
import { measured, rungs } from '../state/session.js';
import { digits, errorText, milliseconds, sizeText } from '../text/figures.js';

export function SpeedOf({ id }: { id: string }) {
  const known = (rungs.value[id] ?? []).filter((rung): rung is Rung & { speed: Speed } => rung.speed !== null);
  return (
    <section class="card" aria-labelledby="speed">
      <h2 id="speed">How fast is it?</h2>
      {known.length === 0 ? (
        <p class="note">Not measured yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <section class="scrolls" tabIndex={0} aria-label="Speed by size">
          <table class="ladder">
            <thead>
              <tr>
                <th scope="col">size</th>
                <th scope="col">of the peak</th>
                <th scope="col">rate</th>
                <th scope="col">time</th>
                <th scope="col">error</th>
              </tr>
            </thead>
            <tbody>
              {known.map((rung) => (
                <Row key={rung.size} rung={rung} speed={rung.speed} />
              ))}
            </tbody>
          </table>
        </section>
      )}
      <p class="hint">{method(measured.value, known[0]?.speed ?? null)}</p>
    </section>
  );
}

function Row({ rung: { size, shape, check }, speed }: { rung: Rung; speed: Speed }) {
  const share = 100 * speed.peakShare;
  return (
    <tr title={shape}>
      <th scope="row">{sizeText(size)}</th>
      <td>
        <span class="share">
          <span class="track">
            <span class="bar" style={{ width: `${Math.min(100, share)}%` }} />
          </span>
          <span>{share.toFixed(share < 10 ? 1 : 0)} %</span>
        </span>
      </td>
      <td>{speed.gflops === null ? `${digits(speed.gbs)} GB/s` : `${digits(speed.gflops)} GFLOP/s`}</td>
      <td>{milliseconds(speed.ms)}</td>
      <td class={check.holds ? undefined : 'bad'}>{errorText(check.error)}</td>
    </tr>
  );
}

function method(known: Measured | null, speed: Speed | null): string {
  const how =
    'A size is recorded once and replayed as often as fills 20 ms, in one submit; shown is the median of up to five such measurements. ' +
    'The ladder ends behind the size that takes more than half a second. The share is that of the peak of multiply-adds or of memory, ' +
    'whichever is larger; small sizes lie in caches and may exceed the latter.';
  if (!known || !speed) return how;
  const by =
    known.by === 'timestamps'
      ? 'Times are the device’s own, from the first dispatch to the last, which browsers round to 0.1 ms: of 20 ms that is half a per cent.'
      : `This adapter has no timestamps: times are the clock’s, and a submit of next to nothing takes ${milliseconds(known.floorMs)}, which all replays of a measurement share.`;
  return `${how} ${by}`;
}
