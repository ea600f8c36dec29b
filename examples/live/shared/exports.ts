/** What page and the worker of exports say to each other. */
import type { PicturesNews } from './cifar10.js';
import type { Plan } from './plan.js';

/** From the page. */
export type ExportOrder =
  /** The model of a run that has ended, as ONNX. */
  | {
      readonly type: 'onnx';
      readonly plan: Plan;
      readonly scenario: string;
      readonly seed: number;
      readonly weights: Uint8Array;
    }
  /** The pictures of a study in the binary form of CIFAR-10: those to train on before those to judge by. */
  | { readonly type: 'binary'; readonly plan: Plan };

/** From the worker: a file for the reader, or why there is none; or what it wants for it. */
export type Exported =
  | PicturesNews
  | { readonly type: 'file'; readonly name: string; readonly bytes: Uint8Array }
  | { readonly type: 'noFile'; readonly why: string };
