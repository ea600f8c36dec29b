/** The kernel page from top to bottom. */
import { spoken } from './state/session.js';
import { Contents } from './views/contents.js';
import { Controls } from './views/controls.js';
import { Header } from './views/header.js';
import { Kernel } from './views/kernel.js';

export function App() {
  return (
    <>
      <a class="skip" href="#kernel">
        Skip to the kernel
      </a>
      <Header />
      <main id="main">
        <Controls />
        <div class="book">
          <Contents />
          <Kernel />
        </div>
      </main>
      <footer>
        <p>
          The kernels of kindling, a deep-learning library for WebGPU. Everything on this page happens on this machine;
          it asks no other host for anything.
        </p>
      </footer>
      <p class="unseen" role="status" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}
