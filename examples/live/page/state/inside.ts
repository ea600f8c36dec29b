/** What the reader sees of the inside of the network, and what the worker is to look at. */
import { effect, signal } from '@preact/signals';
import type { Histogram } from 'kindling/log';
import type { Distribution, InitialWeights, InsideNews, InsideOrder, Look, Subject } from '../../shared/inside.js';

export const isOpen = signal(false);
/** Whether it is within the window. */
export const inView = signal(false);
export const subject = signal<Subject>({ kind: 'picture', index: 0 });
export const look = signal<Look | null>(null);
export const initial = signal<InitialWeights | null>(null);
/** Why the last look failed; empty where it did not. */
export const blind = signal('');
/** Counts how often a picture of the wall was chosen: the section then comes into view. */
export const peeks = signal(0);

/** Distributions after a step. */
export interface Row {
  readonly step: number;
  /** By {@link keyOf}. */
  readonly histograms: ReadonlyMap<string, Histogram>;
}
/** Of the run that was looked at last, in the order of its steps. */
export const rows = signal<readonly Row[]>([]);

export const keyOf = ({ kind, name }: Pick<Distribution, 'kind' | 'name'>): string => `${kind} ${name}`;

/** Rows kept of one run. */
export const MOST_ROWS = 32;

/** Where there are too many, every second goes; the last stays. */
export const thinned = <T>(all: readonly T[], most = MOST_ROWS): readonly T[] =>
  all.length <= most ? all : all.filter((_, i) => (all.length - 1 - i) % 2 === 0);

let send: (order: InsideOrder) => void = () => {};

/** Gives what goes to the worker its way. */
export function connectInside(way: (order: InsideOrder) => void): void {
  send = way;
  effect(tellWatch);
  effect(tellSubject);
}

const tellWatch = (): void =>
  send({ type: 'watch', watch: isOpen.value ? (inView.value ? 'seen' : 'open') : 'closed' });
const tellSubject = (): void => send({ type: 'subject', subject: subject.value });

/** A run begins, in a worker that may be a new one. */
export function beginInside(): void {
  if (!isOpen.peek()) return;
  tellWatch();
  tellSubject();
}

/** Shows the inside with a picture of the wall. */
export function peek(index: number): void {
  subject.value = { kind: 'picture', index };
  isOpen.value = true;
  peeks.value++;
}

export function hearInside(news: InsideNews): void {
  switch (news.type) {
    case 'look':
      blind.value = '';
      addRow(news.look);
      look.value = news.look;
      break;
    case 'initial':
      initial.value = news.initial;
      break;
    case 'blind':
      blind.value = news.why;
      break;
    default:
      news satisfies never;
  }
}

function addRow({ scenario, seed, step, distributions }: Look): void {
  const before = look.value;
  const goesOn = before?.scenario === scenario && before.seed === seed && before.step <= step;
  const kept = goesOn ? rows.value : [];
  const histograms = distributions && new Map(distributions.map((one) => [keyOf(one), one.histogram]));
  rows.value = histograms ? thinned([...kept.filter((row) => row.step < step), { step, histograms }]) : kept;
}
