/** A weight that is no number, and who finds it. */
import { health } from 'kindling/log';
import type { News } from '../../shared/protocol.js';
import type { Control } from '../control.js';

/** Writes NaN into the first weight of a layer, looks at all of them, and lets the study wait for what the reader says. */
export async function poison(layer: string, control: Control, tell: (news: News) => void): Promise<void> {
  const { run, changes } = control;
  if (!run || !changes) return;
  const weight = run.model.stateDict()[`${layer}.weight`];
  if (!weight) throw new Error(`there is no layer ${layer}`);
  const values = Float32Array.from(await weight.data());
  values[0] = Number.NaN;
  weight.copy_(values);
  const step = changes.stepsMade;
  tell({ type: 'complaint', of: { what: 'poisoned', step, layer } });
  tell({ type: 'complaint', of: { what: 'health', step, health: await health(run.model) } });
  control.pause();
}
