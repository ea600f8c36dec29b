/** What tests of second gradients share. */
import * as k from 'kindling';
import { close, plain } from './agree.js';

export type Unary = (x: k.Tensor) => k.Tensor;

export const leaf = (data: k.Nested): k.Tensor => k.tensor(data, { requiresGrad: true });

/** Within what f32 leaves of a gradient of a gradient. */
export const near = (what: string, got: k.Tensor, want: readonly number[]) =>
  close(what, got, plain(got.shape, want), { rtol: 3e-5, atol: 3e-6 });
