/** What page and worker say to each other of the four complaints: what the reader provokes, and what comes of it. */
import type { Health } from 'kindling/log';

/** What the reader may change while a run goes on. */
export const CHANGEABLE = {
  rate: 'Learning rate',
  decay: 'Weight decay',
  dropoutDense: 'Dropout, dense',
  dropoutConv: 'Dropout, maps',
} as const;
export type Changeable = keyof typeof CHANGEABLE;

/** A change, and the first step that was made with it. */
export interface Change {
  readonly step: number;
  readonly what: Changeable;
  readonly value: number;
}

/** From the page. */
export type Provocation =
  /** Gives the device back in the middle of it all. */
  | { readonly what: 'lose' }
  /** Writes a NaN into the first weight of a layer, and waits. */
  | { readonly what: 'poison'; readonly layer: string }
  /** Goes back to the last snapshot of the run that waits. */
  | { readonly what: 'restore' }
  /** Keeps the device as busy as it can be. */
  | { readonly what: 'freeze'; readonly seconds: number }
  /** Trains a small net for that many steps. */
  | { readonly what: 'memory'; readonly steps: number }
  /** Ends the last two before their time. */
  | { readonly what: 'enough' };

/** What the device held after so many steps. */
export interface Held {
  readonly steps: number;
  readonly bytes: number;
  readonly buffers: number;
}

/** What came of it. */
export type Outcome =
  | { readonly what: 'changed'; readonly change: Change }
  | { readonly what: 'health'; readonly step: number; readonly health: Health }
  | { readonly what: 'poisoned'; readonly step: number; readonly layer: string }
  | { readonly what: 'lost'; readonly step: number; readonly reason: string }
  /** The run goes on after `step`, so many seconds after the device was lost. */
  | { readonly what: 'recovered'; readonly step: number; readonly evaluations: number; readonly seconds: number }
  /** What is kept of a run that was poisoned, or lost its device. */
  | { readonly what: 'disturbed'; readonly step: number; readonly how: string }
  | { readonly what: 'busy'; readonly products: number; readonly flops: number; readonly done: boolean }
  | { readonly what: 'memory'; readonly held: readonly Held[]; readonly done: boolean };
