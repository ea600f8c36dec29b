/** The weights that a run begins with, and those that it would have begun with, by the same seed. */
import { Net } from '../../../cifar/network.js';
import type { Scenario } from '../../../cifar/scenarios.js';
import type { InitialWeights } from '../../shared/inside.js';
import { histogramsOf } from './distributions.js';
import { drawing } from './undrawn.js';

export async function initialWeights(scenario: Scenario, seed: number): Promise<InitialWeights> {
  const [byDefault, kaiming] = await Promise.all([
    drawn({ ...scenario, kaiming: false }, seed),
    drawn({ ...scenario, kaiming: true }, seed),
  ]);
  const layers = byDefault.flatMap(({ name, histogram }, i) => {
    const other = kaiming[i];
    return other ? [{ name, byDefault: histogram, kaiming: other.histogram }] : [];
  });
  return { scenario: scenario.name, seed, layers };
}

async function drawn(scenario: Scenario, seed: number) {
  const model = drawing({ seed, step: 0, created: 0 }, () => new Net(scenario));
  try {
    const weights = model.namedParameters().filter(([name]) => name.endsWith('.weight'));
    const histograms = await histogramsOf(await Promise.all(weights.map(([, weight]) => weight.data())));
    return weights.flatMap(([name], i) => {
      const histogram = histograms[i];
      return histogram ? [{ name, histogram }] : [];
    });
  } finally {
    for (const tensor of model.parameters()) tensor.dispose();
  }
}
