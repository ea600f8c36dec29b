/** What page and worker say to each other. */

import type { RunResult } from '../../cifar/results.js';
import type { Progress } from '../../cifar/train.js';
import type { PicturesNews, PicturesOrder } from './cifar10.js';
import type { Changeable, Outcome, Provocation } from './complaints.js';
import type { InsideNews, InsideOrder } from './inside.js';
import type { KeepingOrder, KeepingState, Kept, Made } from './keeping.js';
import type { Plan } from './plan.js';

/** One scenario with one seed, of one study. */
export interface RunId {
  readonly scenario: string;
  readonly seed: number;
}

/** How far a paused study goes on before it pauses again; `on` is to its end. */
export type Advance = 'on' | 'step' | 'epoch';

/** From the page. */
export type Order =
  /** Find an adapter and measure a step of that many images on it. */
  | { readonly type: 'open'; readonly batchSize: number }
  | { readonly type: 'start'; readonly plan: Plan }
  | { readonly type: 'pause' }
  | { readonly type: 'advance'; readonly by: Advance }
  | { readonly type: 'stop' }
  | KeepingOrder
  | { readonly type: 'inside'; readonly order: InsideOrder }
  /** Sets a number of the run under way. */
  | { readonly type: 'change'; readonly what: Changeable; readonly value: number }
  | { readonly type: 'provoke'; readonly by: Provocation }
  | PicturesOrder;

export interface FoundAdapter {
  readonly host: string;
  readonly description: string;
  readonly isSoftware: boolean;
  readonly vendor: string;
  readonly architecture: string;
}

/** Seconds, measured with batches of `images`. */
export interface Speed {
  readonly images: number;
  readonly step: number;
  /** To classify as many. */
  readonly classify: number;
}

/** Test pictures: bytes of planes red, green, blue, 32 by 32, one after the other. */
export interface Pictures {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly classes: readonly string[];
  /** What they are, in words. */
  readonly source: string;
  readonly synthetic: boolean;
}

/** What became known of some steps in a row. */
export interface Steps {
  /** The first of them, from 1, over all epochs. */
  readonly first: number;
  readonly losses: readonly number[];
  readonly rates: readonly number[];
  /** Of training, since the run's first step was asked for, at each. Pauses do not count. */
  readonly seconds: readonly number[];
}

export interface Evaluated {
  /** Epochs that are over. */
  readonly epoch: number;
  /** The class found for each test picture. */
  readonly predictions: Uint8Array;
  /** Of the first pictures: [pictures, classes]. */
  readonly probabilities: Float32Array;
}

/** What the device holds and is asked for. */
export interface Load {
  readonly bytes: number;
  readonly peak: number;
  readonly buffers: number;
  /** Of the latest step that was nothing but a step; null before there was one. */
  readonly dispatches: number | null;
  /** Buffers read per step, over all steps since the run began. */
  readonly reads: number | null;
}

/** From the worker. */
export type News =
  | { readonly type: 'adapter'; readonly adapter: FoundAdapter }
  | { readonly type: 'noAdapter'; readonly why: string }
  | { readonly type: 'speed'; readonly speed: Speed }
  | { readonly type: 'prepare'; readonly what: string; readonly progress?: Progress | undefined }
  | { readonly type: 'pictures'; readonly pictures: Pictures }
  | PicturesNews
  /** With `made` it goes on from there. */
  | ({ readonly type: 'begin'; readonly stepsPerEpoch: number; readonly made?: Made | undefined } & RunId)
  | ({ readonly type: 'steps' } & Steps)
  | ({ readonly type: 'evaluated' } & Evaluated)
  | { readonly type: 'load'; readonly load: Load }
  | { readonly type: 'inside'; readonly news: InsideNews }
  | { readonly type: 'paused' }
  | { readonly type: 'goesOn' }
  | { readonly type: 'end'; readonly result: RunResult; readonly weights: Uint8Array }
  | { readonly type: 'diverged'; readonly what: string }
  | Kept<News>
  | KeepingState
  | { readonly type: 'complaint'; readonly of: Outcome }
  /** The study is over: all runs ended, or it was stopped. */
  | { readonly type: 'over'; readonly stopped: boolean }
  /** The worker cannot go on. */
  | { readonly type: 'failed'; readonly why: string };
