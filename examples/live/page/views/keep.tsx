/** Results to take along, and the link that begins the same study elsewhere. */
import { useSignal } from '@preact/signals';
import { toLink } from '../../shared/plan.js';
import { pictures, type Run, runs, studied, titleOf, version } from '../state/runs.js';
import { adapter } from '../state/session.js';
import { historyCsv, resultsOf, save, stepsCsv } from '../text/files.js';
import { KeptHere } from './kept.js';
import { OneRun } from './oneRun.js';

export function Keep() {
  version.value;
  const [study, found, shown] = [studied.value, adapter.value, pictures.value];
  const done = runs.value.filter(({ state }) => state === 'done');
  const begun = runs.value.some(({ losses }) => losses.length > 0);
  if (!study || !found || !shown || !begun) return null;
  const results = () => resultsOf(study, runs.value, found, shown);
  return (
    <section class="card keep" aria-labelledby="keep">
      <h2 id="keep">Keep it</h2>
      <div class="buttons">
        <button type="button" onClick={() => save('steps.csv', stepsCsv(runs.value), 'text/csv')}>
          Every step, CSV
        </button>
        {done.length > 0 && (
          <>
            <button type="button" onClick={() => save('history.csv', historyCsv(results()), 'text/csv')}>
              Every epoch, CSV
            </button>
            <button
              type="button"
              onClick={() => save('results.json', `${JSON.stringify(results(), null, 1)}\n`, 'application/json')}
            >
              Results, JSON
            </button>
          </>
        )}
        <CopyLink fragment={toLink(study)} />
      </div>
      {done.length > 0 && (
        <>
          <h3 id="weights">Weights, safetensors</h3>
          <ul class="buttons weights" aria-labelledby="weights">
            {done.map((run) => (
              <li key={titleOf(run)}>
                <button type="button" onClick={() => saveWeights(run)}>
                  {titleOf(run)}
                </button>
              </li>
            ))}
          </ul>
          <OneRun study={study} done={done} />
        </>
      )}
      <KeptHere />
    </section>
  );
}

function saveWeights({ scenario, seed, weights }: Run): void {
  if (weights) save(`${scenario}-seed${seed}.safetensors`, weights, 'application/octet-stream');
}

function CopyLink({ fragment }: { fragment: string }) {
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(`${location.href.split('#')[0]}#${fragment}`);
    copied.value = true;
    setTimeout(() => {
      copied.value = false;
    }, 2000);
  };
  return (
    <button type="button" onClick={() => void copy().catch(() => undefined)}>
      {copied.value ? 'Link copied' : 'Copy the link'}
    </button>
  );
}
