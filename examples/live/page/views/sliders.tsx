/** The numbers that may be changed while a run goes on. Letting go of a slider sets one. */
import { useSignal } from '@preact/signals';
import { SETS } from '../../../cifar/scenarios.js';
import { CHANGEABLE, type Changeable } from '../../shared/complaints.js';
import { current, studied, version, wantedRate } from '../state/runs.js';
import { change, setRate } from '../state/session.js';
import { rateText } from '../text/numbers.js';

interface SliderProps {
  readonly name: string;
  readonly value: number;
  /** The slider's scale: exponents of ten, or the numbers themselves. */
  readonly scale: { readonly min: number; readonly max: number; readonly step: number; readonly log: boolean };
  readonly onSet: (value: number) => void;
}

const RATES = { min: -5, max: -1, step: 0.05, log: true } as const;
/** The least stands for none. */
const DECAYS = { min: -6, max: -1, step: 0.1, log: true } as const;
const SHARES = { min: 0, max: 0.9, step: 0.05, log: false } as const;

export function Sliders() {
  version.value;
  const now = current.value?.rates.at(-1);
  return (
    <div class="sliders">
      {now !== undefined && (
        <Slider name={CHANGEABLE.rate} value={wantedRate.value ?? now} scale={RATES} onSet={setRate} />
      )}
      <details>
        <summary>Weight decay, dropout</summary>
        <Other what="decay" />
        <Other what="dropoutDense" />
        <Other what="dropoutConv" />
      </details>
    </div>
  );
}

/** What the reader asked for last, and of which run: a step may not have been made with it yet. */
function Other({ what }: { what: Exclude<Changeable, 'rate'> }) {
  version.value;
  const run = current.value;
  const wanted = useSignal<{ readonly of: unknown; readonly value: number } | null>(null);
  if (!run) return null;
  const made = run.changes.findLast((one) => one.what === what)?.value ?? atFirst(what, run.scenario);
  const value = wanted.value?.of === run ? wanted.value.value : made;
  const set = (next: number): void => {
    wanted.value = { of: run, value: next };
    change(what, next);
  };
  return <Slider name={CHANGEABLE[what]} value={value} scale={what === 'decay' ? DECAYS : SHARES} onSet={set} />;
}

function atFirst(what: Exclude<Changeable, 'rate'>, name: string): number {
  const scenario = SETS[studied.value?.set ?? 'tricks'].find((one) => one.name === name);
  return scenario?.[what === 'decay' ? 'weightDecay' : what] ?? 0;
}

function Slider({ name, value, scale, onSet }: SliderProps) {
  const held = useSignal<number | null>(null);
  const { min, max, step, log } = scale;
  const shown = held.value ?? value;
  const place = log ? Math.log10(Math.max(shown, 1e-30)) : shown;
  const text = shown === 0 ? '0' : log ? rateText(shown) : String(shown);
  const valueAt = (at: number): number => {
    if (!log) return Number(at.toFixed(2));
    return at <= min && scale === DECAYS ? 0 : Number((10 ** at).toPrecision(2));
  };
  return (
    <label class="rate">
      <span>{name}</span>
      <input
        type="range"
        min={min}
        max={max}
        step={step}
        value={Math.min(max, Math.max(min, place))}
        aria-valuetext={text}
        onInput={({ currentTarget }) => {
          held.value = valueAt(Number(currentTarget.value));
        }}
        onChange={() => {
          if (held.value !== null) onSet(held.value);
          held.value = null;
        }}
      />
      <output>{text}</output>
    </label>
  );
}
