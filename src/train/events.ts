/** What a run tells while it trains. */
import type { Health } from '../log/health.js';

/** What an evaluation found, by name: `{ accuracy: 0.97 }`. */
export type Scores = Readonly<Record<string, number>>;

/** Where a run stands. */
export interface Place {
  /** Steps made since its beginning, those before it was resumed included. */
  readonly step: number;
  /** From 1. */
  readonly epoch: number;
  /** Steps of this epoch that are made. */
  readonly batch: number;
}

/** An epoch that has ended. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number;
  /** Steps from the run's beginning to the end of this epoch. */
  readonly step: number;
  /** The mean of its steps' losses. */
  readonly loss: number;
  /** The rate of the optimizer's first group in the epoch's last step; null without an optimizer. */
  readonly learningRate: number | null;
  /** What the evaluation at its end found; null where there was none. */
  readonly scores: Scores | null;
}

/** Plain data, fit for `postMessage`. */
export type TrainEvent =
  /** The run goes on from a checkpoint, begun on the adapter of that description. First of all events. */
  | ({ readonly type: 'resume'; readonly adapter: string } & Place)
  /** The loss of a step is known, while the next are under way; and the rate of the optimizer's first group in it, null without one. */
  | ({ readonly type: 'step'; readonly loss: number; readonly learningRate: number | null } & Place)
  /** How sound weights and gradients were after a step, before the event of the step itself, and before a run that diverged ends. */
  | ({ readonly type: 'health'; readonly health: Health } & Place)
  | ({ readonly type: 'evaluation'; readonly scores: Scores } & Place)
  /** After the evaluation and the scheduler's step that belong to it. */
  | ({ readonly type: 'epoch' } & EpochRecord)
  /** A checkpoint is written, of this place. */
  | ({ readonly type: 'checkpoint' } & Place)
  /** The device is gone, after this step. The run waits for another. */
  | ({ readonly type: 'lost'; readonly reason: string } & Place)
  /** There is another, of that description, and the run goes on from this place. Steps behind it are made and told of again. */
  | ({ readonly type: 'recovered'; readonly adapter: string } & Place);
