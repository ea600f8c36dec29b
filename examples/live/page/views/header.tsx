/** What this is, and what it runs on. */
import type { Progress } from '../../../cifar/train.js';
import { adapter, phase, preparing, speed } from '../state/session.js';
import { theme, toggleTheme } from '../state/theme.js';
import { duration } from '../text/numbers.js';

export function Header() {
  return (
    <header>
      <div class="top">
        <p class="brand">
          <svg viewBox="0 0 16 20" width="16" height="20" aria-hidden="true">
            <path d="M8 0c1 4 6 6 6 12a6 7 0 0 1-12 0c0-3 2-4 3-7 1 1 2 2 2 4 1-2 2-5 1-9z" />
          </svg>
          kindling
        </p>
        <nav class="pages" aria-label="Pages">
          <a href="kernels/index.html">The kernels</a>
          <button type="button" class="quiet" onClick={toggleTheme}>
            {theme.value === 'dark' ? 'Light' : 'Dark'}
            <span class="unseen"> colours</span>
          </button>
        </nav>
      </div>
      <h1>The live study</h1>
      <p class="lead">
        A small convolutional network learns to tell ten kinds of pictures apart, again and again, each time with
        another training trick. All of it happens in this page, on your own GPU, while you watch.
      </p>
      {phase.value !== 'missing' && <AdapterLine />}
    </header>
  );
}

function AdapterLine() {
  const [found, measured, busy] = [adapter.value, speed.value, preparing.value];
  return (
    <p class="adapter">
      <span class={found ? 'dot found' : 'dot'} aria-hidden="true" />
      <span>
        {found ? found.description : 'Looking for a GPU…'}
        {found && measured && (
          <>
            {' '}
            · a step of {measured.images} images takes {duration(measured.step)}
          </>
        )}
        {found && !measured && phase.value === 'ready' && busy && <> · {workOf(busy)}</>}
      </span>
    </p>
  );
}

function workOf({ what, progress }: { what: string; progress?: Progress | undefined }): string {
  return progress ? `${what}: ${progress.done} of ${progress.total}` : `${what}…`;
}
