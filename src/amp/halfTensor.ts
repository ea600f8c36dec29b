/** Elements kept in memory as f16. */
import { refuse } from '../gpu/errors.js';
import { atMost, isTensor } from '../gpu/options.js';
import { toFloatKernel } from '../kernels/half.js';
import { Storage } from '../stream/storage.js';
import { tensor } from '../tensor/create.js';
import { flatVariant, launch } from '../tensor/launch.js';
import { type Shape, show } from '../tensor/shape.js';
import type { Nested, Tensor } from '../tensor/tensor.js';
import { rounded, wantHalf } from './autocast.js';

/**
 * A tensor's elements as f16, in half the memory. It is no tensor: no function takes it but `to('f32')`, which makes one again, exactly.
 * It lives until `dispose()`, or until nothing refers to it.
 */
export class HalfTensor {
  /** How errors of functions that want a tensor name it. */
  static readonly name = "HalfTensor, whose to('f32') is one";
  readonly shape: Shape;
  readonly size: number;
  readonly dtype = 'f16';
  readonly #held: Tensor;

  /** @internal Use {@link half}. */
  constructor(x: Tensor) {
    this.shape = x.shape;
    this.size = x.size;
    const storage = new Storage(2 * x.size);
    this.#held = rounded(x, storage);
    storage.keep();
  }

  /** The elements as a tensor. */
  to(dtype: 'f32'): Tensor {
    if (dtype !== 'f32') refuse(`HalfTensor.to: wants 'f32', got ${String(dtype)}; cast what that gives`);
    return launch(toFloatKernel({ size: this.size, flat: flatVariant() }), [this.#held], this.shape);
  }

  /** The elements in row-major order. Waits for the device. */
  data(): Promise<Float32Array> {
    return this.to('f32').data() as Promise<Float32Array>;
  }

  /** The elements as nested arrays; a scalar as a number. Waits for the device. */
  array(): Promise<Nested> {
    return this.to('f32').array();
  }

  /** Frees its memory now. */
  dispose(): void {
    this.#held.dispose();
  }

  toString(): string {
    return `HalfTensor(shape=${show(this.shape)})`;
  }
}

/**
 * The elements of an f32 tensor, or of numbers, rounded to f16: to the nearest, and beyond 65,504 to an infinity. Not recorded.
 *
 * @throws KindlingError where the adapter has no f16 in shaders, and for tensors of another type
 * @example
 * const frozen = half(table); // half the memory
 * const rows = frozen.to('f32').indexSelect(0, places);
 */
export function half(x: Tensor | Nested): HalfTensor {
  atMost('half', 1, arguments);
  wantHalf('half');
  const made = isTensor(x) ? (x as Tensor) : tensor(x);
  if (made.dtype !== 'f32') refuse(`half: wants an f32 tensor, got ${made.dtype}; cast it`);
  return new HalfTensor(made);
}
