/** The page from top to bottom. What is not there yet is not shown. */

import { studied } from './state/runs.js';
import { phase, spoken } from './state/session.js';
import { Complaints } from './views/complaints/index.js';
import { Confusion } from './views/confusion.js';
import { Controls } from './views/controls.js';
import { Curves } from './views/curves.js';
import { StudyDesign } from './views/design.js';
import { Header } from './views/header.js';
import { InsideSection } from './views/inside/section.js';
import { Keep } from './views/keep.js';
import { Machine } from './views/machine.js';
import { Missing } from './views/missing.js';
import { Newer } from './views/newer.js';
import { PictureWall } from './views/pictures.js';
import { Scores } from './views/scores.js';
import { SourcePanel } from './views/source.js';
import { Starter } from './views/starter.js';

export function App() {
  const begun = studied.value !== null;
  return (
    <>
      <a class="skip" href="#main">
        Skip to the study
      </a>
      <Header />
      <Newer />
      <main id="main" tabIndex={-1}>
        {phase.value === 'missing' ? <Missing /> : begun ? <Controls /> : <Starter />}
        {phase.value !== 'missing' && <SourcePanel />}
        {begun && (
          <div class="live">
            <Curves />
            <div class="beside">
              <Scores />
              <Machine />
            </div>
            <Confusion />
            <PictureWall />
            <InsideSection />
            <Complaints />
            <Keep />
          </div>
        )}
        <StudyDesign />
      </main>
      <footer>
        <p>
          Trained by kindling, a deep-learning library for WebGPU. Everything on this page happens on this machine. It
          asks no other host for anything, unless you have it fetch CIFAR-10, and then for nothing else.
        </p>
      </footer>
      <p class="unseen" role="status" aria-live="polite">
        {spoken}
      </p>
    </>
  );
}
