/** What is said of studies that outlive the page. A study is kept as what was told of it, which the page hears once more. */
import type { Plan } from './plan.js';

/** How far a run was when its checkpoint was written. */
export interface Made {
  readonly steps: number;
  readonly evaluations: number;
}

/** From the page. */
export type KeepingOrder =
  /** Train the kept study on from where it is. */
  | { readonly type: 'goOn' }
  /** Forget what is kept. */
  | { readonly type: 'forget' };

/** The kept study as the page is opened: what was told of it. */
export interface Kept<Told> {
  readonly type: 'kept';
  /** Null where nothing could be read. */
  readonly plan: Plan | null;
  readonly told: readonly Told[];
  /** What could not be read, in words; empty where all could. */
  readonly damaged: string;
}

/** Whether what is trained here survives a reload. */
export interface KeepingState {
  readonly type: 'keeping';
  /** Bytes on this machine. */
  readonly bytes: number;
  /** Whether what is trained now is kept. */
  readonly isKept: boolean;
  /** What went wrong; empty where nothing did. */
  readonly trouble: string;
}
