/** The worker and what it is at. Everything the page does with it goes through here. */
import { batch, signal } from '@preact/signals';
import type { Progress } from '../../../cifar/train.js';
import type { Changeable, Provocation } from '../../shared/complaints.js';
import type { Advance, FoundAdapter, Load, News, Order, Speed } from '../../shared/protocol.js';
import { answer } from './cifar10.js';
import { forgetComplaints, hearOutcome } from './complaints.js';
import { restartFrames } from './frames.js';
import { beginInside, connectInside, hearInside } from './inside.js';
import { hearKeeping, offered, replay } from './keeping.js';
import { plan } from './plan.js';
import {
  addEvaluation,
  addSteps,
  beginRun,
  beginStudy,
  current,
  endRun,
  pictures,
  studied,
  version,
  wantedRate,
} from './runs.js';

export type Phase = 'opening' | 'ready' | 'training' | 'paused' | 'failed' | 'missing';

export const phase = signal<Phase>('opening');
export const adapter = signal<FoundAdapter | null>(null);
export const speed = signal<Speed | null>(null);
/** What goes on before a step can run. */
export const preparing = signal<{ readonly what: string; readonly progress?: Progress | undefined } | null>(null);
export const load = signal<Load | null>(null);
/** Why there is no adapter, or why the worker cannot go on. */
export const trouble = signal('');
/** What screen readers are told: ends of runs and of the study, no single step. */
export const spoken = signal('');

let worker: Worker | null = null;

const order = (what: Order): void => worker?.postMessage(what);
connectInside((inside) => order({ type: 'inside', order: inside }));

/** Starts a worker and lets it find an adapter, where the browser has WebGPU at all. */
export function open(): void {
  worker?.terminate();
  if (!('gpu' in navigator)) {
    phase.value = 'missing';
    return;
  }
  forgetComplaints();
  phase.value = 'opening';
  preparing.value = { what: 'looking for a GPU' };
  worker = new Worker(new URL('../../worker/main.ts', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<News>) => batch(() => hear(data));
  worker.onerror = ({ message }) => fail(message || 'the worker could not be loaded');
  order({ type: 'open', batchSize: plan.value.batchSize });
}

/** Trains the reader's plan, as it is now. */
export function start(): void {
  const study = plan.value;
  batch(() => {
    beginStudy(study);
    restartFrames();
    forgetComplaints();
    phase.value = 'training';
    preparing.value = { what: 'starting' };
    spoken.value = 'Training has started.';
  });
  order({ type: 'start', plan: study });
}

/** Trains the kept study on. */
export function goOn(): void {
  batch(() => {
    restartFrames();
    phase.value = 'training';
    preparing.value = { what: 'starting' };
    spoken.value = 'Training goes on.';
  });
  order({ type: 'goOn' });
}

/** Shows the kept study that was offered. */
export function takeUp(): void {
  const kept = offered.value;
  if (kept) batch(() => (spoken.value = replay(kept, hear, true)));
}

export const forget = (): void => order({ type: 'forget' });
export const pause = (): void => order({ type: 'pause' });
export const advance = (by: Advance): void => order({ type: 'advance', by });
export const stop = (): void => order({ type: 'stop' });

export const change = (what: Changeable, value: number): void => order({ type: 'change', what, value });
export const provoke = (by: Provocation): void => order({ type: 'provoke', by });

export function setRate(rate: number): void {
  wantedRate.value = rate;
  change('rate', rate);
}

function fail(why: string): void {
  trouble.value = why;
  phase.value = 'failed';
  preparing.value = null;
  endRun({ state: 'stopped' });
}

/** Steps from which the time of one is known. */
const ENOUGH = 8;

/** What training itself shows, where the reader began before anything was measured. Forward is a third of a step. */
function ownSpeed(): Speed | null {
  const [run, study] = [current.value, studied.value];
  const [first, last] = [run?.seconds[ENOUGH / 2], run?.seconds[ENOUGH]];
  if (!study || first === undefined || last === undefined || (run?.stepsPerEpoch ?? 0) <= ENOUGH) return null;
  const step = (last - first) / (ENOUGH / 2);
  return { images: study.batchSize, step, classify: step / 3 };
}

function hear(news: News): void {
  switch (news.type) {
    case 'adapter':
      adapter.value = news.adapter;
      preparing.value = { what: 'measuring it' };
      // The reader may have been faster.
      if (phase.value === 'opening') phase.value = 'ready';
      break;
    case 'noAdapter':
      trouble.value = news.why;
      phase.value = 'missing';
      break;
    case 'speed':
      speed.value = news.speed;
      preparing.value = null;
      break;
    case 'prepare':
      preparing.value = { what: news.what, progress: news.progress };
      break;
    case 'pictures':
      pictures.value = news.pictures;
      break;
    case 'wantPictures':
      void answer(news).then((given) => worker?.postMessage(...given));
      break;
    case 'begin':
      beginRun(news, news.stepsPerEpoch, news.made);
      beginInside();
      break;
    case 'steps':
      preparing.value = null;
      addSteps(news);
      speed.value ??= ownSpeed();
      break;
    case 'evaluated':
      addEvaluation(news);
      break;
    case 'load':
      load.value = news.load;
      break;
    case 'inside':
      hearInside(news.news);
      break;
    case 'complaint':
      hearOutcome(news.of);
      break;
    case 'paused':
      phase.value = 'paused';
      // Whoever waits for it sees the step that was made last.
      version.value++;
      break;
    case 'goesOn':
      phase.value = 'training';
      break;
    case 'end': {
      const { result, weights } = news;
      spoken.value = `${result.scenario}, seed ${result.seed}: micro-F1 ${(100 * result.microF1).toFixed(1)} per cent.`;
      endRun({ state: 'done', result, weights });
      break;
    }
    case 'diverged':
      spoken.value = `${current.value?.scenario ?? 'The run'} diverged.`;
      endRun({ state: 'diverged', what: news.what });
      break;
    case 'kept':
      // The reader may have been faster.
      if (phase.value !== 'training' && phase.value !== 'paused') spoken.value = replay(news, hear);
      break;
    case 'keeping':
      hearKeeping(news);
      break;
    case 'over':
      endRun({ state: 'stopped' });
      preparing.value = null;
      phase.value = 'ready';
      spoken.value = news.stopped ? 'Stopped.' : 'The study is done.';
      break;
    case 'failed':
      fail(news.why);
      break;
    default:
      news satisfies never;
  }
}
