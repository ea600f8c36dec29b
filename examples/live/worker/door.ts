/** Lets the reader inside: what looks there is loaded when it is first asked for. Until then the run is remembered, nothing read. */
import type { InsideNews, InsideOrder } from '../shared/inside.js';
import type { Inside } from './inside/inside.js';
import type { Watched } from './inside/watched.js';

type Tell = (news: { readonly type: 'inside'; readonly news: InsideNews }, transfer?: Transferable[]) => void;

let inside: Promise<Inside> | null = null;
let run: Watched | null = null;

export function hearInside(order: InsideOrder, tell: Tell): void {
  inside ??= import('./inside/inside.js').then(
    ({ Inside }) =>
      new Inside(
        (news, transfer) => tell({ type: 'inside', news }, transfer),
        () => run,
      ),
  );
  void inside.then((found) => found.hear(order));
}

/** To be called where a run begins. */
export function watched(begun: Watched): void {
  run = begun;
}

/** To be called where it ends: of the run, which held the data, the model stays, with its last count of steps. */
export function runEnded(): void {
  const steps = run?.stepsMade() ?? 0;
  if (run) run.stepsMade = () => steps;
}

/** To be awaited after each evaluation. */
export const afterEvaluation = async (): Promise<void> => (await inside)?.evaluated();
