import { refuse } from '../gpu/errors.js';
import { text } from '../gpu/options.js';
import type { AnyModule } from '../nn/module.js';
import type { Scores } from './events.js';

/** What `evaluate` finds, the model in evaluation mode meanwhile. Layers that were so before stay so. */
export async function scoresOf(model: AnyModule, evaluate: () => Scores | Promise<Scores>): Promise<Scores> {
  const before = model.modules().map((module) => ({ module, training: module.training }));
  model.eval();
  try {
    const scores = await evaluate();
    const isNamed = typeof scores === 'object' && scores !== null;
    if (!isNamed || !Object.values(scores).every((score) => typeof score === 'number')) {
      refuse(`trainModel: evaluate gives ${text(scores)}, wants numbers by name, such as { accuracy: 0.97 }`);
    }
    return scores;
  } finally {
    for (const { module, training } of before) module.training = training;
  }
}

/** @throws KindlingError where the evaluation gave no such score */
export function scoreOf(scores: Scores, name: string): number {
  const score = scores[name];
  if (score === undefined)
    refuse(`trainModel: evaluate gives ${Object.keys(scores).join(', ')}, and no ${name} to monitor`);
  return score;
}
