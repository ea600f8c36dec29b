import type { Scenario } from '../../../cifar/scenarios.js';
import type { LiveRun } from '../../../cifar/train.js';

/** A run that may be looked into, while it trains and after. */
export interface Watched extends Pick<LiveRun, 'model' | 'transform' | 'stepsMade'> {
  readonly scenario: Scenario;
  readonly seed: number;
  /** Of the test pictures, planes of bytes. */
  readonly images: Uint8Array;
}
