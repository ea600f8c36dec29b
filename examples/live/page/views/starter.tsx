/** Before the first study: how large it is to be, and the one button. */
import { PRESET_NAMES, PRESETS, type PresetName, plain, presetOf } from '../../shared/plan.js';
import { lacking } from '../state/cifar10.js';
import { studySeconds } from '../state/estimate.js';
import { change, plan } from '../state/plan.js';
import { adapter, open, phase, preparing, speed, start, trouble } from '../state/session.js';
import { about, plural, thousands } from '../text/numbers.js';
import { KeptBefore } from './kept.js';
import { SourceChoice } from './source.js';

export function Starter() {
  if (phase.value === 'failed') return <Failed />;
  const opening = phase.value === 'opening';
  return (
    <section class="card starter" aria-labelledby="starter">
      <h2 id="starter" class="unseen">
        Begin
      </h2>
      <fieldset class="presets">
        <legend>How much time do you have?</legend>
        <div class="choices">
          {PRESET_NAMES.map((name) => (
            <PresetChoice key={name} name={name} />
          ))}
        </div>
      </fieldset>
      <SourceChoice />
      <div class="go">
        <button type="button" class="primary large" disabled={opening || lacking() !== ''} onClick={start}>
          Start training
        </button>
        <p class="hint">
          <Hint />
        </p>
      </div>
      <KeptBefore />
    </section>
  );
}

function Hint() {
  if (phase.value === 'opening') return <>{preparing.value?.what ?? 'looking for a GPU'}…</>;
  const lacks = lacking();
  if (lacks) return <>{lacks}</>;
  const { data, scenarios, seeds, trainSize, epochs } = plan.value;
  const runs = scenarios.length * seeds.length;
  const kind = {
    synthetic: 'generated pictures, a stand-in for CIFAR-10 that needs no download',
    cifar10: 'photographs of CIFAR-10',
  };
  return (
    <>
      {plural(runs, 'run')} of {plural(epochs, 'epoch')} on {thousands(trainSize)} {kind[data]}.
    </>
  );
}

function PresetChoice({ name }: { name: PresetName }) {
  const preset = PRESETS[name];
  const { title, scenarios, trainSize, epochs } = preset;
  const [found, measured] = [adapter.value, speed.value];
  return (
    <label class="choice">
      <input
        type="radio"
        name="preset"
        checked={presetOf(plan.value) === name}
        onChange={() => change({ ...plain(preset), data: plan.value.data })}
      />
      <span class="choice-title">{title}</span>
      <span class="choice-time">
        {found && measured ? `about ${about(studySeconds(preset, measured, found))}` : '…'}
      </span>
      <span class="choice-what">
        {scenarios.length} scenarios, {thousands(trainSize)} images, {epochs} epochs
      </span>
    </label>
  );
}

export function Failed() {
  return (
    <section class="card missing" aria-labelledby="failed" role="alert">
      <h2 id="failed">Training cannot go on</h2>
      <p class="said">{trouble}</p>
      <button type="button" class="primary" onClick={open}>
        Open the GPU anew
      </button>
    </section>
  );
}
