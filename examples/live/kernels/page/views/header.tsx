/** What this is, and what it runs on. */
import { theme, toggleTheme } from '../../../page/state/theme.js';
import { adapter, measured, phase, trouble } from '../state/session.js';
import { digits } from '../text/figures.js';

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
          <a href="../index.html">The live study</a>
          <button type="button" class="quiet" onClick={toggleTheme}>
            {theme.value === 'dark' ? 'Light' : 'Dark'}
            <span class="unseen"> colours</span>
          </button>
        </nav>
      </div>
      <h1>The kernels</h1>
      <p class="lead">
        Every compute shader is written by hand. Here they are one by one: what they compute, the text that your adapter
        gets, how far results are from float64, and how near their speed comes to what the adapter can do at most.
      </p>
      <AdapterLine />
    </header>
  );
}

function AdapterLine() {
  const [found, known] = [adapter.value, measured.value];
  if (phase.value === 'missing') {
    return (
      <p class="card missing">
        <span>
          This browser gives the page no GPU; <a href="../index.html">the live study</a> says what to enable. The
          mathematics can be read without one.
        </span>
        {trouble.value && <span class="said hint">{trouble}</span>}
      </p>
    );
  }
  return (
    <p class="adapter">
      <span class={found ? 'dot found' : 'dot'} aria-hidden="true" />
      <span>
        {found ? found.description : 'Looking for a GPU…'}
        {known && (
          <>
            {' '}
            · peaks: {digits(known.peaks.multiplyAdd)} GFLOP/s of multiply-adds, {digits(known.peaks.load)} GB/s of
            loads, {digits(known.peaks.copy)} GB/s of copies
          </>
        )}
      </span>
    </p>
  );
}
