/** All kernels by family, and what is known of each. */
import { CASES, FAMILY_NAMES } from '../../shared/cases.js';
import type { Rung } from '../../shared/protocol.js';
import { chosen, rungs } from '../state/session.js';

export function Contents() {
  return (
    <nav class="contents card" aria-label="Kernels">
      {FAMILY_NAMES.map((family) => (
        <section key={family}>
          <h2>{family}</h2>
          <ul>
            {CASES.filter((one) => one.family === family).map(({ id, title }) => (
              <li key={id}>
                <a href={`#${id}`} aria-current={chosen.value === id ? 'page' : undefined}>
                  {title}
                  <Mark rungs={rungs.value[id] ?? []} />
                </a>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

/** The best share of a peak and, before that is measured, whether the results are right. */
function Mark({ rungs: known }: { rungs: readonly Rung[] }) {
  if (known.length === 0) return null;
  if (known.some(({ check }) => !check.holds)) return <span class="mark bad">off</span>;
  const shares = known.flatMap(({ speed }) => speed?.peakShare ?? []);
  if (shares.length === 0) return <span class="mark good">right</span>;
  return <span class="mark">{(100 * Math.max(...shares)).toFixed(0)} %</span>;
}
