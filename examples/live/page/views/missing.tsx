/** What to do where there is no WebGPU. */
import { trouble } from '../state/session.js';

export function Missing() {
  return (
    <section class="card missing" aria-labelledby="missing">
      <h2 id="missing">This browser gives the page no GPU</h2>
      <p>The study needs WebGPU. What follows below can be read without it; to train:</p>
      <ul>
        <li>
          <b>Chrome, Edge</b> and other Chromiums have it from version 113 on, on Windows, macOS, ChromeOS and Android.
          On Linux, and where the GPU is blocked, open <code>chrome://flags</code> and switch on{' '}
          <i>Unsafe WebGPU Support</i>; without any GPU it then runs on the processor, slowly.
        </li>
        <li>
          <b>Firefox</b> has it from version 141 on, on Windows; elsewhere open <code>about:config</code> and set{' '}
          <code>dom.webgpu.enabled</code> and <code>gfx.webgpu.ignore-blocklist</code>.
        </li>
        <li>
          <b>Safari</b> has it from version 26 on.
        </li>
        <li>
          The page has to come from <code>https:</code> or from <code>localhost</code>.
        </li>
      </ul>
      {trouble.value && (
        <details>
          <summary>What the browser said</summary>
          <p class="said">{trouble}</p>
        </details>
      )}
    </section>
  );
}
