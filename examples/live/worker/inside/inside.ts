/** When to look: a few times a second while the reader sees it and something has changed, after evaluations while it is open, else never. */
import type { InsideNews, InsideOrder, Subject, Watch } from '../../shared/inside.js';
import { initialWeights } from './initial.js';
import { lookInside } from './read.js';
import type { Watched } from './watched.js';

type Tell = (news: InsideNews, transfer?: Transferable[]) => void;

const EVERY_MS = 300;
const COUNT_EVERY_MS = 1000;

export class Inside {
  readonly #tell: Tell;
  readonly #run: () => Watched | null;
  #watch: Watch = 'closed';
  #subject: Subject = { kind: 'picture', index: 0 };
  /** The look under way: there is one at a time. */
  #looking: Promise<void> | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;
  /** What was looked at last. */
  #seen: { readonly run: Watched; readonly step: number; readonly subject: Subject } | null = null;
  #counted: { readonly run: Watched; readonly step: number; readonly at: number } | null = null;
  /** Whose initial weights were told. */
  #begun: Watched | null = null;

  constructor(tell: Tell, run: () => Watched | null) {
    this.#tell = tell;
    this.#run = run;
  }

  hear(order: InsideOrder): void {
    if (order.type === 'subject') {
      this.#subject = order.subject;
      this.#glance();
      return;
    }
    this.#watch = order.watch;
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    if (order.watch !== 'seen') return;
    this.#timer = setInterval(() => this.#glance(), EVERY_MS);
    this.#glance();
  }

  /** After an evaluation: seen or not, its step is looked at. */
  async evaluated(): Promise<void> {
    if (this.#watch === 'closed') return;
    await this.#looking;
    const run = this.#run();
    if (run) await this.#look(run, this.#isUncounted(run));
  }

  /** Looks, unless somebody does or there is nothing new. */
  #glance(): void {
    const [run, seen] = [this.#run(), this.#seen];
    if (this.#looking || !run || this.#watch !== 'seen') return;
    const isNew = seen?.run !== run || seen.step !== run.stepsMade() || seen.subject !== this.#subject;
    const counts = this.#isUncounted(run) && performance.now() - (this.#counted?.at ?? 0) >= COUNT_EVERY_MS;
    if (isNew || counts) void this.#look(run, counts);
  }

  #isUncounted(run: Watched): boolean {
    return this.#counted?.run !== run || this.#counted.step !== run.stepsMade();
  }

  #look(run: Watched, counts: boolean): Promise<void> {
    this.#looking ??= this.#lookOnce(run, counts).finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookOnce(run: Watched, counts: boolean): Promise<void> {
    const [step, subject] = [run.stepsMade(), this.#subject];
    this.#seen = { run, step, subject };
    if (counts) this.#counted = { run, step, at: performance.now() };
    try {
      const look = await lookInside(run, subject, counts);
      this.#tell({ type: 'look', look }, [...new Set(look.layers.map(({ values }) => values.buffer))]);
      if (!run.scenario.kaiming || this.#begun === run) return;
      this.#begun = run;
      this.#tell({ type: 'initial', initial: await initialWeights(run.scenario, run.seed) });
    } catch (error) {
      this.#tell({ type: 'blind', why: error instanceof Error ? error.message : String(error) });
    }
  }
}
