/** `npm run isa -- --step bench/isa/halves.ts`: products of `npm run isa` in f32, and over f16 as `autocast` has them. */
import { matmul, rand, type Tensor } from 'kindling';
import { autocast } from 'kindling/amp';
import * as F from 'kindling/nn/functional';

export default function products(): () => void {
  const [a, b] = [rand([1024, 1024]), rand([1024, 1024])];
  const [x, w] = [rand([64, 32, 15, 15]), rand([64, 32, 3, 3])].map((one) => one.requiresGrad_()) as [Tensor, Tensor];
  const dy = rand([64, 64, 13, 13]);
  const all = (): void => {
    matmul(a, b);
    F.conv2d(x, w).backward(dy);
  };
  return () => {
    all();
    autocast(all);
  };
}
