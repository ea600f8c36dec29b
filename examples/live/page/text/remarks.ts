/** What is to be said of the runs of a scenario: what went wrong, and how they compare with the last time. */
import type { Line } from '../curves/lines.js';
import type { Run } from '../state/runs.js';
import { firstChange } from './marks.js';
import { plural } from './numbers.js';

export interface Remark {
  readonly kind: 'good' | 'bad' | '';
  readonly text: string;
}

/** Seeds of which there is nothing but good to say share a line. */
export function remarksOf({ runs }: Line): Remark[] {
  const named = (run: Run, text: string): string => (runs.length > 1 ? `Seed ${run.seed}: ${text}` : text);
  const equal = runs.filter(
    ({ state, same, disturbances }) =>
      state !== 'diverged' && disturbances.length === 0 && same?.differsAt === null && same.compared > 0,
  );
  const steps = equal.reduce((sum, { same }) => sum + (same?.compared ?? 0), 0);
  const seeds = equal.length > 1 ? ` of ${equal.length} seeds` : '';
  return [
    ...(steps > 0
      ? [{ kind: 'good' as const, text: `✓ ${plural(steps, 'step')}${seeds} equal to last time, to the bit` }]
      : []),
    ...runs.flatMap((run) => {
      const found = remarkOf(run);
      return found ? [{ ...found, text: named(run, found.text) }] : [];
    }),
  ];
}

function remarkOf(run: Run): Remark | null {
  const { state, what, same, disturbances } = run;
  if (state === 'diverged') return { kind: 'bad', text: `Diverged: ${what}` };
  const [disturbed] = disturbances;
  if (disturbed) {
    return { kind: '', text: `Not compared with others: ${disturbed.what} after step ${disturbed.step}` };
  }
  const differsAt = same?.differsAt ?? null;
  if (differsAt === null) return null;
  const first = firstChange(run);
  if (first && differsAt >= first.step) {
    return { kind: '', text: `As last time to the bit until step ${first.step}, where ${first.what} was changed` };
  }
  return { kind: 'bad', text: `Differs from last time at step ${differsAt}` };
}
