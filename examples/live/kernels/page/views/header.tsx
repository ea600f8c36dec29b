/** What this is, and what it runs on. */
import { TopBar } from '../../../page/views/top.js';
import { adapter, measured, phase, trouble } from '../state/session.js';
import { digits } from '../text/figures.js';

export function Header() {
  return (
    <header>
      <TopBar other={{ href: '../index.html', name: 'The live study' }} />
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
