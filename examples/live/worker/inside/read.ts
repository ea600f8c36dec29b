/** One look: everything of it is asked of the GPU at once, so that it is of one step, and what it took is freed. */
import { noGrad, step, type Tensor, tensor } from 'kindling';
import type { Distribution, Kind, Look, Subject } from '../../shared/inside.js';
import { histogramsOf } from './distributions.js';
import { keptIn, masksOf } from './masks.js';
import { walk } from './walk.js';
import type { Watched } from './watched.js';

const SHAPE = [3, 32, 32] as const;
const SIZE = 3 * 32 * 32;
/** Test pictures whose activations are counted, whatever picture is looked at: their distributions can be compared over a run. */
const COUNTED = 4;

/** @param counts whether distributions are wanted */
export async function lookInside(run: Watched, subject: Subject, counts: boolean): Promise<Look> {
  const { scenario, seed, model } = run;
  const number = run.stepsMade();
  const pictures = tensor(pixelsOf(run, subject), { shape: [1 + COUNTED, ...SHAPE] });
  const passed = step(() => noGrad(() => walk(scenario, model, pictures)));
  const masks = masksOf(scenario, seed, number);
  const parameters = model.namedParameters().filter(([name]) => name.endsWith('.weight'));
  const wanted = counts ? parameters : parameters.filter(([name]) => name === 'conv1.weight');
  try {
    // Asked for one after the other without waiting: no step comes between.
    const [values, drawn, weights, grads] = await Promise.all([
      read(passed.map(({ value }) => value)),
      read(masks.map(({ value }) => value)),
      read(wanted.map(([, weight]) => weight)),
      Promise.all(wanted.map(async ([, { grad }]) => (grad ? ((await grad.data()) as Float32Array) : null))),
    ]);
    const layers = passed.map(({ name, value: { shape } }, i) => ({
      name,
      shape: shape.slice(1),
      values: (values[i] ?? new Float32Array()).slice(0, (values[i]?.length ?? 0) / (1 + COUNTED)),
    }));
    const activations = passed.flatMap(({ name }, i) =>
      /^(conv|fc1)/.test(name)
        ? [{ name, values: (values[i] ?? []).slice((values[i]?.length ?? 0) / (1 + COUNTED)) }]
        : [],
    );
    const byName = (of: readonly (Float32Array | null)[]) =>
      wanted.flatMap(([name], i) => {
        const found = of[i];
        return found ? [{ name, values: found }] : [];
      });
    return {
      scenario: scenario.name,
      seed,
      step: number,
      subject,
      layers,
      probabilities: layers.at(-1)?.values ?? new Float32Array(),
      filters: { weight: weights[0] ?? new Float32Array(), grad: grads[0] ?? null },
      masks: masks.map(({ name }, i) => keptIn(name, drawn[i] ?? [])),
      distributions: counts
        ? [
            ...(await count('weights', byName(weights))),
            ...(await count('gradients', byName(grads))),
            ...(await count('activations', activations)),
          ]
        : null,
    };
  } finally {
    for (const one of [pictures, ...passed.map(({ value }) => value), ...masks.map(({ value }) => value)])
      one.dispose();
  }
}

const read = (tensors: readonly Tensor[]): Promise<Float32Array[]> =>
  Promise.all(tensors.map((one) => one.data() as Promise<Float32Array>));

/** The subject, and the test pictures that are counted, as the network gets them. */
function pixelsOf({ images, transform }: Watched, subject: Subject): Float32Array {
  const chosen =
    subject.kind === 'own' ? subject.pixels : images.subarray(subject.index * SIZE, (subject.index + 1) * SIZE);
  const all = new Float32Array((1 + COUNTED) * SIZE);
  for (const [i, bytes] of [chosen, ...countedOf(images)].entries()) {
    const own = all.subarray(i * SIZE, (i + 1) * SIZE);
    for (let k = 0; k < SIZE; k++) own[k] = (bytes[k] ?? 0) / 255;
    transform?.apply(own, SHAPE);
  }
  return all;
}

const countedOf = (images: Uint8Array): Uint8Array[] =>
  Array.from({ length: COUNTED }, (_, i) => images.subarray(i * SIZE, (i + 1) * SIZE));

async function count(
  kind: Kind,
  named: readonly { readonly name: string; readonly values: ArrayLike<number> }[],
): Promise<Distribution[]> {
  const histograms = await histogramsOf(named.map(({ values }) => values));
  return named.flatMap(({ name }, i) => {
    const histogram = histograms[i];
    return histogram ? [{ kind, name, histogram }] : [];
  });
}
