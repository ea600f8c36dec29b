/** One run as a model for other runtimes, and as a program in either language. */
import { useSignal } from '@preact/signals';
import { CHANGEABLE } from '../../shared/complaints.js';
import type { Plan } from '../../shared/plan.js';
import type { Language } from '../../shared/programs/index.js';
import { exportFile, exporting } from '../state/exporting.js';
import { sentence } from '../state/keeping.js';
import { keyOf, type Run, titleOf } from '../state/runs.js';
import { phase } from '../state/session.js';
import { save } from '../text/files.js';
import { rateText } from '../text/numbers.js';

export function OneRun({ study, done }: { readonly study: Plan; readonly done: readonly Run[] }) {
  const chosen = useSignal('');
  const run = done.find((one) => keyOf(one) === chosen.value) ?? done[0];
  if (!run) return null;
  const { scenario, seed, weights } = run;
  const { isBusy, trouble } = exporting.value;
  const waits = isBusy || phase.value !== 'ready';
  return (
    <div class="one-run">
      <h3 id="one-run">One run, as a model or a program</h3>
      <div class="buttons">
        <label class="select">
          <span class="unseen">Run</span>
          <select value={keyOf(run)} onChange={({ currentTarget }) => (chosen.value = currentTarget.value)}>
            {done.map((one) => (
              <option key={keyOf(one)} value={keyOf(one)}>
                {titleOf(one)}
              </option>
            ))}
          </select>
        </label>
        {weights && (
          <button
            type="button"
            disabled={waits}
            onClick={() => exportFile({ type: 'onnx', plan: study, scenario, seed, weights })}
          >
            Model, ONNX
          </button>
        )}
        <button type="button" onClick={() => void saveProgram(study, run, 'typescript')}>
          Program, TypeScript
        </button>
        <button type="button" onClick={() => void saveProgram(study, run, 'pytorch')}>
          Program, PyTorch
        </button>
        <button type="button" disabled={waits} onClick={() => exportFile({ type: 'binary', plan: study })}>
          Its pictures, binary
        </button>
      </div>
      <p class="note">
        The model takes pictures of values from 0 to 1 and gives probabilities.{' '}
        {study.data === 'cifar10' ? 'The programs read' : 'The PyTorch program reads'} the pictures that the last button
        saves.{phase.value !== 'ready' && ' Models and pictures can be had once training rests.'}
        {trouble && <span class="trouble"> {sentence(trouble)}</span>}
      </p>
    </div>
  );
}

async function saveProgram(plan: Plan, run: Run, language: Language): Promise<void> {
  const { programOf } = await import('../../shared/programs/index.js');
  const changes = [
    ...run.marks.map(({ step, rate }) => `learning rate ${rateText(rate)} from step ${step} on`),
    ...run.changes
      .filter(({ what }) => what !== 'rate')
      .map(({ step, what, value }) => `${CHANGEABLE[what].toLowerCase()} ${value} from step ${step} on`),
  ];
  const { name, text } = programOf({ plan, run, changes }, language);
  save(name, text, 'text/plain');
}
