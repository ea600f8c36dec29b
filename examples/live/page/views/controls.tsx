/** While a study runs: where it is, and the reader's hand on it. */
import { lacking } from '../state/cifar10.js';
import { runSeconds } from '../state/estimate.js';
import { canGoOn } from '../state/keeping.js';
import { current, runs, studied, titleOf, version } from '../state/runs.js';
import { adapter, advance, goOn, pause, phase, preparing, speed, start, stop } from '../state/session.js';
import { about } from '../text/numbers.js';
import { Sliders } from './sliders.js';
import { Failed } from './starter.js';

export function Controls() {
  if (phase.value === 'failed') return <Failed />;
  const active = phase.value === 'training' || phase.value === 'paused';
  return (
    <section class="card controls" aria-labelledby="controls">
      <h2 id="controls" class="unseen">
        Control
      </h2>
      <Place />
      <div class="buttons">{active ? <Running /> : <Again />}</div>
      {active && current.value && <Sliders />}
    </section>
  );
}

function Running() {
  const paused = phase.value === 'paused';
  return (
    <>
      {paused ? (
        <button type="button" class="primary" onClick={() => advance('on')}>
          Go on
        </button>
      ) : (
        <button type="button" class="primary" onClick={pause} disabled={current.value === null}>
          Pause
        </button>
      )}
      <button type="button" onClick={() => advance('step')} disabled={!paused}>
        One step
      </button>
      <button type="button" onClick={() => advance('epoch')} disabled={!paused}>
        One epoch
      </button>
      <button type="button" onClick={stop}>
        Stop
      </button>
    </>
  );
}

function Again() {
  const more = canGoOn();
  return (
    <>
      {more && (
        <button type="button" class="primary" onClick={goOn} disabled={phase.value === 'opening'}>
          Go on
        </button>
      )}
      <button
        type="button"
        class={more ? '' : 'primary'}
        onClick={start}
        disabled={phase.value === 'opening' || lacking() !== ''}
      >
        Start again
      </button>
      <p class="hint">{lacking() || 'The same seed gives the same curve, to the last bit. The page checks it.'}</p>
    </>
  );
}

function Place() {
  version.value;
  const [run, study] = [current.value, studied.value];
  const all = runs.value;
  const ended = all.filter(({ state }) => state === 'done' || state === 'diverged').length;
  const steps = (run?.stepsPerEpoch ?? 1) * (study?.epochs ?? 1);
  const made = run ? run.losses.length : 0;
  const share = all.length > 0 ? (ended + made / steps) / all.length : 0;
  return (
    <div class="place">
      <p class="where">
        <strong>
          {run
            ? titleOf(run)
            : phase.value !== 'ready' && phase.value !== 'opening'
              ? 'Starting'
              : ended < all.length
                ? 'Stopped'
                : 'Done'}
        </strong>
        <span>{detail()}</span>
      </p>
      <progress value={share} max={1} aria-label="The whole study" />
    </div>
  );
}

/** Where the run is, or what it waits for. */
function detail(): string {
  const [run, study, busy] = [current.value, studied.value, preparing.value];
  if (!study) return '';
  if (phase.value === 'ready' || phase.value === 'opening') {
    const done = runs.value.filter(({ state }) => state === 'done').length;
    return `${done} of ${runs.value.length} runs ended`;
  }
  if (!run || run.losses.length === 0) {
    const { done, total } = busy?.progress ?? {};
    return total ? `${busy?.what}: ${done} of ${total}` : `${busy?.what ?? 'the first step'}…`;
  }
  const made = run.losses.length;
  const epoch = Math.min(study.epochs, Math.ceil(made / run.stepsPerEpoch));
  const step = made - (epoch - 1) * run.stepsPerEpoch;
  const left = phase.value === 'paused' ? ', paused' : `, ${secondsLeft()} left`;
  return `epoch ${epoch} of ${study.epochs}, step ${step} of ${run.stepsPerEpoch}${left}`;
}

/** By this run's own speed, once it has one. */
function secondsLeft(): string {
  const [run, study, found, measured] = [current.value, studied.value, adapter.value, speed.value];
  if (!run || !study) return '…';
  const all = study.epochs * run.stepsPerEpoch;
  const made = run.losses.length;
  const own = made >= 5 ? ((run.seconds.at(-1) ?? 0) / made) * all : null;
  const whole = own ?? (found && measured ? runSeconds(study, measured, found) : null);
  if (whole === null) return '…';
  const waiting = runs.value.filter(({ state }) => state === 'waiting').length;
  return `about ${about(whole * (waiting + 1 - made / all))}`;
}
