/** One kernel: what it computes, whether that is right, how fast, and by which shaders. */
import { caseOf } from '../../shared/cases.js';
import { chooseSize, chosen, pending, phase, shown, sizeOf } from '../state/session.js';
import { sizeText } from '../text/figures.js';
import { Formula } from '../text/formula.js';
import { MATHS } from '../text/maths.js';
import { CheckOf } from './check.js';
import { Launches } from './launches.js';
import { SpeedOf } from './speed.js';
import { Tuner } from './tuner.js';

export function Kernel() {
  const known = caseOf(chosen.value);
  if (!known) return null;
  const { id, title, family, call, of, sizes, bound } = known;
  const { formulas = [], words = '' } = MATHS[id] ?? {};
  const rung = shown.value;
  return (
    <article class="kernel" id="kernel" tabIndex={-1} aria-labelledby="title">
      <section class="card computes">
        <p class="family">{family}</p>
        <h2 id="title">{title}</h2>
        <pre class="call">
          <code>{call}</code>
        </pre>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what may scroll has to be reached by keyboard */}
        <section class="formulas" tabIndex={0} aria-label="Formulas">
          {formulas.map((text) => (
            <Formula key={text} text={text} />
          ))}
        </section>
        <p class="words">{words}</p>
      </section>
      <section class="card" aria-labelledby="right">
        <div class="head">
          <h2 id="right">Is it right?</h2>
          <label class="size">
            {of[0]?.toUpperCase()}
            {of.slice(1)}
            <select
              value={sizeOf(id)}
              disabled={pending.value > 0 && phase.value === 'ready' && !rung}
              onChange={({ currentTarget }) => chooseSize(Number(currentTarget.value))}
            >
              {sizes.map((size) => (
                <option key={size} value={size}>
                  {sizeText(size)}
                </option>
              ))}
            </select>
          </label>
        </div>
        {rung ? <CheckOf rung={rung} bound={bound} /> : <p class="note">{waiting()}</p>}
      </section>
      <SpeedOf id={id} />
      <Tuner id={id} />
      {rung && <Launches rung={rung} />}
    </article>
  );
}

const waiting = (): string =>
  phase.value === 'missing' ? 'There is no GPU to ask.' : 'Running it, and the same in float64…';
