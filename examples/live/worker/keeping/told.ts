/** What was told of a run: its beginning, its steps in one piece, and what came with them. */
import type { Outcome } from '../../shared/complaints.js';
import type { Made } from '../../shared/keeping.js';
import type { News, RunId } from '../../shared/protocol.js';

type Begin = Extract<News, { type: 'begin' }>;
type Told<Type extends News['type']> = Extract<News, { type: Type }>;

export const isOf =
  <Type extends News['type']>(type: Type) =>
  (news: News): news is Told<Type> =>
    news.type === type;

/** News that make a run what it is. The others are of the moment. */
const LASTING: readonly News['type'][] = ['evaluated', 'end', 'diverged'];

/** Grows with what is told of one run. */
export class Recording {
  readonly begin: Begin;
  readonly #losses: number[] = [];
  readonly #rates: number[] = [];
  readonly #seconds: number[] = [];
  readonly #others: News[] = [];

  constructor(begin: Begin) {
    const { type, scenario, seed, stepsPerEpoch } = begin;
    this.begin = { type, scenario, seed, stepsPerEpoch };
  }

  /** Of what was kept, as far as `made` says. */
  static of(told: readonly News[], made?: Made): Recording | null {
    const begin = told.find(isOf('begin'));
    if (!begin) return null;
    const recording = new Recording(begin);
    for (const news of told) recording.hear(news);
    if (made) recording.#cut(made);
    return recording;
  }

  hear(news: News): void {
    if (news.type === 'steps') {
      for (const loss of news.losses) this.#losses.push(loss);
      for (const rate of news.rates) this.#rates.push(rate);
      for (const second of news.seconds) this.#seconds.push(second);
    } else if (news.type === 'complaint') this.#hearOf(news.of);
    else if (LASTING.includes(news.type)) this.#others.push(news);
  }

  /** What makes a run another than its settings say stays with it; a run whose device was lost goes back. */
  #hearOf(of: Outcome): void {
    if (of.what === 'recovered') this.#cut({ steps: of.step, evaluations: of.evaluations });
    else if (of.what === 'changed' || of.what === 'disturbed') this.#others.push({ type: 'complaint', of });
    else if (of.what === 'poisoned' || of.what === 'lost') {
      const how = of.what === 'lost' ? 'device lost' : of.what;
      this.#others.push({ type: 'complaint', of: { what: 'disturbed', step: of.step, how } });
    }
  }

  #cut({ steps, evaluations }: Made): void {
    for (const values of [this.#losses, this.#rates, this.#seconds]) values.length = Math.min(values.length, steps);
    let seen = 0;
    const stays = this.#others.filter((news) => {
      if (news.type === 'evaluated') return seen++ < evaluations;
      if (news.type !== 'complaint') return false;
      const { of } = news;
      return of.what === 'disturbed' || (of.what === 'changed' && of.change.step <= steps);
    });
    this.#others.splice(0, Infinity, ...stays);
  }

  get id(): RunId {
    return this.begin;
  }

  get made(): Made {
    return { steps: this.#losses.length, evaluations: this.#others.filter(isOf('evaluated')).length };
  }

  get seconds(): number {
    return this.#seconds.at(-1) ?? 0;
  }

  get end(): Told<'end'> | Told<'diverged'> | null {
    return this.#others.find((news) => isOf('end')(news) || isOf('diverged')(news)) as Told<'end'> | null;
  }

  get told(): News[] {
    const [losses, rates, seconds] = [this.#losses, this.#rates, this.#seconds];
    return [this.begin, { type: 'steps', first: 1, losses, rates, seconds }, ...this.#others];
  }
}

export const isSame = (a: RunId, b: RunId): boolean => a.scenario === b.scenario && a.seed === b.seed;
