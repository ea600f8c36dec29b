/** A weight that is no number, and who finds it. */
import { health } from 'kindling/log';
import type { News } from '../../shared/protocol.js';
import type { Control } from '../control.js';

/** Writes NaN into the first weight of a layer, looks at all of them, and lets the study wait for what the reader says. */
export async function poison(layer: string, control: Control, tell: (news: News) => void): Promise<void> {
  const { run } = control;
  if (!run) return;
  const weight = run.model.stateDict()[`${layer}.weight`];
  if (!weight) throw new Error(`there is no layer ${layer}`);
  // First: what the reader says as soon as they see it holds.
  control.pause();
  const values = Float32Array.from(await weight.data());
  values[0] = Number.NaN;
  weight.copy_(values);
  const step = run.stepsMade();
  const found = await health(run.model);
  tell({ type: 'complaint', of: { what: 'health', step, health: found } });
  tell({ type: 'complaint', of: { what: 'poisoned', step, layer } });
}
