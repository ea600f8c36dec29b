/** What page and worker say to each other of what goes on inside the network. */
import type { Histogram } from 'kindling/log';

/** How closely the reader looks. Open, each evaluation is read; in view, the network is read as it trains. */
export type Watch = 'closed' | 'open' | 'seen';

/** What is sent through the network: a test picture, or the reader's own, as planes of bytes. */
export type Subject =
  | { readonly kind: 'picture'; readonly index: number }
  | { readonly kind: 'own'; readonly pixels: Uint8Array };

/** From the page. */
export type InsideOrder =
  | { readonly type: 'watch'; readonly watch: Watch }
  | { readonly type: 'subject'; readonly subject: Subject };

/** Values by the name of what made them, without the batch's dimension. */
export interface Layer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** The first convolution, [32, 3, 3, 3]. */
export interface Filters {
  readonly weight: Float32Array;
  /** Of the step that was made last; null where there is none any more. */
  readonly grad: Float32Array | null;
}

export type Kind = 'weights' | 'gradients' | 'activations';

/** How the values of a layer are distributed. */
export interface Distribution {
  readonly kind: Kind;
  readonly name: string;
  readonly histogram: Histogram;
}

/** Which channels or units one dropout kept, for the first picture of its batch: 1 is kept. */
export interface Mask {
  readonly name: string;
  readonly kept: Uint8Array;
}

export interface Look {
  readonly scenario: string;
  readonly seed: number;
  /** Steps that the weights have taken. */
  readonly step: number;
  readonly subject: Subject;
  /** From the picture to the last layer, with dropout off. */
  readonly layers: readonly Layer[];
  readonly probabilities: Float32Array;
  readonly filters: Filters;
  /** Of the step that was made last. */
  readonly masks: readonly Mask[];
  /** Null where the last ones are of the same step, or a moment ago. */
  readonly distributions: readonly Distribution[] | null;
}

/** Weights as two ways to draw them leave them, by the seed of the run. */
export interface InitialWeights {
  readonly scenario: string;
  readonly seed: number;
  readonly layers: readonly {
    readonly name: string;
    readonly byDefault: Histogram;
    readonly kaiming: Histogram;
  }[];
}

/** From the worker. */
export type InsideNews =
  | { readonly type: 'look'; readonly look: Look }
  | { readonly type: 'initial'; readonly initial: InitialWeights }
  /** A look failed; the next may not. */
  | { readonly type: 'blind'; readonly why: string };
