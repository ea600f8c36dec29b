/** How long a study takes, from the time of a step that was measured here. */
import { type Plan, stepsIn } from '../../shared/plan.js';
import type { FoundAdapter, Speed } from '../../shared/protocol.js';

/** Seconds of one run. */
export function runSeconds(plan: Plan, speed: Speed, { isSoftware }: FoundAdapter): number {
  const { epochs, testSize, batchSize } = plan;
  // A processor takes half the time for half the images; a GPU is not busy with so few.
  const share = batchSize / speed.images;
  const step = speed.step * (isSoftware ? share : Math.max(1, share));
  return epochs * (stepsIn(plan) * step + (testSize / speed.images) * speed.classify);
}

export const studySeconds = (plan: Plan, speed: Speed, adapter: FoundAdapter): number =>
  plan.scenarios.length * plan.seeds.length * runSeconds(plan, speed, adapter);
