/** Studies that were made elsewhere, and which of them the reader's own may be held against. */
import type { ReferenceLine } from '../curves/references.js';

export interface Reference {
  readonly by: 'PyTorch' | 'kindling' | 'published';
  readonly data: 'synthetic' | 'cifar10';
  readonly trainSize: number;
  readonly testSize: number;
  readonly epochs: number;
  readonly seeds: number;
  /** Means over the seeds after each epoch, by scenario; one value is that of the last. */
  readonly accuracies: Readonly<Record<string, readonly number[]>>;
}

export interface Compared {
  readonly set: string;
  readonly data: Reference['data'];
  readonly trainSize: number;
  readonly epochs: number;
  readonly batchSize: number;
}

/** Of all studies here. */
const BATCH = 64;

const DASHES = { PyTorch: [7, 4], kindling: [2, 3], published: [12, 4, 2, 4] } as const;

/**
 * The studies of the same scenarios on the same kind and number of pictures. What a run has reached after an epoch does not depend on
 * how many are to come, so that those which know of each epoch may have another number of them.
 */
export function comparable(references: readonly Reference[], own: Compared): Reference[] {
  return references.filter(
    ({ data, trainSize, epochs, accuracies }) =>
      own.set === 'tricks' &&
      own.batchSize === BATCH &&
      data === own.data &&
      trainSize === own.trainSize &&
      (epochs === own.epochs || Object.values(accuracies).every((values) => values.length > 1)),
  );
}

/** Its lines as far as the reader's study goes: by epochs, or by steps of so many an epoch. One value is a level to be reached. */
export function linesOf(
  { by, epochs, accuracies }: Reference,
  scenarios: readonly { readonly scenario: string; readonly place: number }[],
  perEpoch: number,
  own: Pick<Compared, 'epochs'>,
): ReferenceLine[] {
  return scenarios.flatMap(({ scenario, place }) => {
    const values = accuracies[scenario]?.slice(0, own.epochs) ?? [];
    const [only] = values;
    if (only === undefined) return [];
    const dash = DASHES[by];
    if (values.length === 1) return { place, x: [0, epochs * perEpoch], y: [only, only], dash };
    return { place, x: values.map((_, i) => (i + 1) * perEpoch), y: values, dash };
  });
}

/** What it is of, in words. */
export function described({ by, trainSize, testSize, epochs, seeds }: Reference): string {
  if (by === 'published')
    return `alternating dashes: as printed in 2021, one run of ${epochs} epochs each, by a program with three slips`;
  const dash = by === 'PyTorch' ? 'dashes: PyTorch 1.13' : 'dots: kindling, on SwiftShader';
  const count = (n: number): string => n.toLocaleString('en-US');
  const mean = seeds > 1 ? `mean of ${seeds} seeds` : 'one seed';
  return `${dash}, ${mean}, ${count(trainSize)} training and ${count(testSize)} test pictures, ${epochs} epochs`;
}
