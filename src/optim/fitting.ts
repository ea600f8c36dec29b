import { largestBuffer } from '../memory/pool.js';

/** Cuts `items` into runs, in order and as long as fit one buffer each: a kernel binds no more. */
export function fitting<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Item[][] {
  const most = largestBuffer();
  const runs: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    const run = bytes <= room ? runs.at(-1) : undefined;
    if (run) run.push(item);
    else runs.push([item]);
    room = (run ? room : most) - bytes;
  }
  return runs;
}
