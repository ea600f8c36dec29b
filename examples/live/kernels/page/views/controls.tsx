/** Measuring, stopping, and the report. */
import { save } from '../../../page/text/save.js';
import { CASES } from '../../shared/cases.js';
import { reportOf } from '../state/report.js';
import {
  at,
  chooseSeed,
  chosen,
  climb,
  compiling,
  pending,
  phase,
  rungs,
  seed,
  stop,
  trouble,
} from '../state/session.js';
import { reportJson, reportMarkdown } from '../text/report.js';

export function Controls() {
  const [busy, ready] = [pending.value > 0, phase.value === 'ready'];
  const known = Object.keys(rungs.value).length > 0;
  return (
    <section class="card run" aria-labelledby="run">
      <h2 id="run" class="unseen">
        Measure
      </h2>
      <div class="buttons">
        <button type="button" class="primary" disabled={!ready || busy} onClick={() => climb([chosen.value])}>
          Measure this kernel
        </button>
        <button type="button" disabled={!ready || busy} onClick={() => climb(CASES.map(({ id }) => id))}>
          Measure all
        </button>
        <button type="button" disabled={!busy || !ready} onClick={stop}>
          Stop
        </button>
        <label class="seed">
          Seed of the inputs
          <input
            type="number"
            min={0}
            max={99_999}
            step={1}
            value={seed.value}
            disabled={busy}
            onChange={({ currentTarget }) => chooseSeed(Math.max(0, Math.floor(Number(currentTarget.value) || 0)))}
          />
        </label>
      </div>
      <div class="buttons">
        <button
          type="button"
          disabled={!known}
          onClick={() => save('kernels.json', reportJson(reportOf()), 'application/json')}
        >
          Report, JSON
        </button>
        <button
          type="button"
          disabled={!known}
          onClick={() => save('kernels.md', reportMarkdown(reportOf()), 'text/markdown')}
        >
          Report, Markdown
        </button>
      </div>
      {at.value && (
        <p class="doing">
          <progress aria-label="Kernels done" value={at.value.done} max={Math.max(1, at.value.total)} />
          <span>
            {at.value.what}
            {compiling.value && ` · compiling shaders: ${compiling.value.done} of ${compiling.value.total}`}
          </span>
        </p>
      )}
      {trouble.value && phase.value !== 'missing' && (
        <p class="troubled" role="alert">
          {trouble}
        </p>
      )}
      <p class="hint">
        A report has the figures of this page, the adapter as the browser names it, and the browser’s name and version;
        nothing is sent anywhere.
      </p>
    </section>
  );
}
