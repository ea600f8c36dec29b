/** Whether what is trained here survives a reload, and the study that did. */
import { keeping, offered, sentence } from '../state/keeping.js';
import { forget, phase, takeUp } from '../state/session.js';
import { megabytes, plural } from '../text/numbers.js';

/** What survives a reload, or why nothing does. */
export function KeptHere() {
  const kept = keeping.value;
  if (!kept) return null;
  const { bytes, isKept, trouble } = kept;
  return (
    <div class="kept-here">
      <p class="note">
        {isKept
          ? `This study is kept in the browser’s own files (${megabytes(bytes)}): after a reload, or a crash, it can go on.`
          : 'This study is not kept: it is gone with this page.'}
        {trouble && <span class="trouble"> {sentence(trouble)}</span>}
      </p>
      {isKept && bytes > 0 && (
        <button type="button" class="quiet" onClick={forget} disabled={isBusy()}>
          Forget it
        </button>
      )}
    </div>
  );
}

const isBusy = (): boolean => phase.value === 'training' || phase.value === 'paused';

/** Before the first study: one that was kept and is not shown, and what could not be read of it. */
export function KeptBefore() {
  const [kept, trouble] = [offered.value?.plan, keeping.value?.trouble];
  if (!kept && !trouble) return null;
  return (
    <div class="kept-here">
      {kept && (
        <>
          <p class="note">
            Another study is kept here: {plural(kept.scenarios.length * kept.seeds.length, 'run')} of{' '}
            {plural(kept.epochs, 'epoch')}. Training this one takes its place.
          </p>
          <button type="button" class="quiet" onClick={takeUp}>
            Show it
          </button>
        </>
      )}
      {trouble && <p class="note trouble">{sentence(trouble)}</p>}
    </div>
  );
}
