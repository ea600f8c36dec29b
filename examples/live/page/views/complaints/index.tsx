/** The four complaints about training in a browser, each answered in sight, with a button that provokes it. */
import { Freeze } from './freeze.js';
import { Lost } from './lost.js';
import { Memory } from './memory.js';
import { Numbers } from './numbers.js';

export function Complaints() {
  return (
    <section class="card complaints" aria-labelledby="complaints">
      <h2 id="complaints">Four complaints about training in a browser</h2>
      <p class="note">Each can be provoked here. What comes of it is measured on this machine.</p>
      <div class="four">
        <Freeze />
        <Memory />
        <Lost />
        <Numbers />
      </div>
    </section>
  );
}
