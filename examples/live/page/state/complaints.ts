/** What the reader has provoked, and what came of it. */
import { signal } from '@preact/signals';
import type { Health } from 'kindling/log';
import type { Held, Outcome } from '../../shared/complaints.js';
import { type Frames, watchSpan } from './frames.js';
import { afterStep, changed, current, type Run, version } from './runs.js';

/** A device that was lost while a run was under way. */
export interface Loss {
  readonly run: Run;
  /** The last step whose loss was known. */
  readonly step: number;
  readonly reason: string;
  /** The step from which the run went on, after so many seconds; null until it does. */
  readonly back: { readonly step: number; readonly seconds: number } | null;
  /** Steps made again, and the first whose loss was another than before. */
  readonly again: number;
  readonly differsAt: number | null;
}

export const health = signal<{ readonly step: number; readonly health: Health } | null>(null);
export const losses = signal<readonly Loss[]>([]);
/** The layer with a NaN in it, while the study waits for the reader's word. */
export const poisoned = signal<{ readonly run: Run; readonly step: number; readonly layer: string } | null>(null);

export interface FreezeTest {
  readonly flops: number;
  readonly done: Frames | null;
}
export const freezeTest = signal<FreezeTest | null>(null);

export interface MemoryTest {
  readonly wanted: number;
  readonly held: readonly Held[];
  readonly done: boolean;
}
export const memoryTest = signal<MemoryTest | null>(null);

let endSpan: (() => Frames) | null = null;

export function beginFreezeTest(): void {
  endSpan = watchSpan();
  freezeTest.value = { flops: 0, done: null };
}

export function beginMemoryTest(wanted: number): void {
  memoryTest.value = { wanted, held: [], done: false };
}

/** Another study, or another worker. */
export function forgetComplaints(): void {
  health.value = null;
  losses.value = [];
  poisoned.value = null;
  freezeTest.value = null;
  memoryTest.value = null;
}

export function hearOutcome(outcome: Outcome): void {
  const run = current.value;
  switch (outcome.what) {
    case 'changed':
      run?.changes.push(outcome.change);
      changed();
      break;
    case 'health':
      health.value = outcome;
      break;
    case 'disturbed':
      if (run) disturb(run, outcome.how, outcome.step);
      break;
    case 'poisoned':
      if (!run) break;
      poisoned.value = { ...outcome, run };
      disturb(run, 'poisoned', outcome.step);
      break;
    case 'lost':
      if (!run) break;
      losses.value = [...losses.value, { run, ...outcome, back: null, again: 0, differsAt: null }];
      disturb(run, poisoned.value?.run === run ? 'restored' : 'device lost', outcome.step);
      poisoned.value = null;
      break;
    case 'recovered':
      if (run) goBack(run, outcome.step);
      changeLast((loss) => ({ ...loss, back: outcome }));
      break;
    case 'busy':
      if (freezeTest.value)
        freezeTest.value = { flops: outcome.flops, done: outcome.done ? (endSpan?.() ?? null) : null };
      break;
    case 'memory':
      if (memoryTest.value) memoryTest.value = { ...memoryTest.value, ...outcome };
      break;
    default:
      outcome satisfies never;
  }
}

function changeLast(by: (loss: Loss) => Loss): void {
  losses.value = losses.value.map((loss, i) => (i === losses.value.length - 1 ? by(loss) : loss));
}

/** What becomes of the run is no longer what its settings alone decide. */
function disturb(run: Run, what: string, step: number): void {
  run.disturbances.push({ what, step });
  run.same = null;
  changed();
}

/** The run is as it was after that step. What was told of those behind it is kept to compare. */
function goBack(run: Run, step: number): void {
  run.again = { after: step, losses: run.losses.slice(step) };
  for (const told of [run.losses, run.rates, run.seconds]) told.splice(step);
  const isKept = (one: { readonly step: number }): boolean => one.step <= step;
  for (const told of [run.accuracies, run.marks, run.changes] as { readonly step: number }[][])
    told.splice(0, told.length, ...told.filter(isKept));
  version.value++;
}

/** Compares a step that is made again with what it was the first time. */
function compareAgain({ again, losses: told }: Run): void {
  const [at, last] = [told.length, losses.value.at(-1)];
  const before = again?.losses[at - again.after - 1];
  if (before === undefined || !last) return;
  const isSame = Object.is(before, told.at(-1));
  changeLast((loss) => ({
    ...loss,
    again: loss.again + 1,
    differsAt: loss.differsAt ?? (isSame ? null : at),
  }));
}

afterStep.add(compareAgain);
