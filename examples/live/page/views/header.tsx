/** What this is, and what it runs on. */
import type { Progress } from '../../../cifar/train.js';
import { adapter, phase, preparing, speed } from '../state/session.js';
import { duration } from '../text/numbers.js';
import { TopBar } from './top.js';

export function Header() {
  return (
    <header>
      <TopBar other={{ href: 'kernels/index.html', name: 'The kernels' }} />
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
