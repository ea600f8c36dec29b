/** Test images to show, with what each scenario made of them: first those that divide the scenarios. */
import type { ImageDataset } from 'kindling/data';
import type { Sample } from './results.js';

/** Two of each class: the one the scenarios agree on least, and the next. Ties go to the earlier image. */
export function samplesOf(
  test: ImageDataset,
  predictions: Readonly<Record<string, Uint8Array>>,
  perClass = 2,
): Sample[] {
  const scenarios = Object.entries(predictions);
  const right = (image: number): number =>
    scenarios.filter(([, classes]) => classes[image] === test.labels[image]).length / Math.max(1, scenarios.length);
  const images = Array.from({ length: test.length }, (_, i) => ({ i, contested: Math.abs(right(i) - 0.5) }));
  images.sort((a, b) => a.contested - b.contested || a.i - b.i);
  return test.classes.flatMap((_, label) =>
    images
      .filter(({ i }) => test.labels[i] === label)
      .slice(0, perClass)
      .map(({ i }) => ({
        pixels: Buffer.from(test.images.subarray(i * 3072, (i + 1) * 3072)).toString('base64'),
        label,
        predictions: Object.fromEntries(scenarios.map(([name, classes]) => [name, classes[i] ?? -1])),
      })),
  );
}
