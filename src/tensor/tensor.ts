/**
 * The tensor: a shape, an element type and GPU memory. Elements lie in row-major order without gaps, and ops never
 * change them. Arithmetic and `backward` are added by `src/autograd/methods.ts`; this layer knows no derivative.
 */
import { DeviceLostError, KindlingError, refuse } from '../gpu/errors.js';
import { opaque, sameItems } from '../gpu/held.js';
import { wantTensor } from '../gpu/options.js';
import type { Fields } from '../stream/fields.js';
import { type Place, recording, refuseInCapture } from '../stream/recording.js';
import { Storage } from '../stream/storage.js';
import type { GradFnOf } from './gradFn.js';
import { checkRead } from './saved.js';
import { type Shape, sameShape, show, sizeOf } from './shape.js';
import { checkFit, markLike } from './unfit.js';

/** The element types. */
export const DTYPES = ['f32', 'i32', 'u32', 'bool'] as const;

/** Element types. bool is held as u32 of 0 or 1. */
export type DType = (typeof DTYPES)[number];

/** @internal Whether a type has this very number; f32 has all, rounded. */
export function holds(dtype: DType, value: number): boolean {
  if (dtype === 'f32') return true;
  const [low, high] = dtype === 'i32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, dtype === 'u32' ? 2 ** 32 - 1 : 1];
  return Number.isInteger(value) && value >= low && value <= high;
}

/** A typed array as a tensor's elements come back. */
export type TensorData = Float32Array | Int32Array | Uint32Array;

/** Numbers (booleans for bool tensors) nested as the shape says. */
export type Nested = number | boolean | Nested[];

/** How a tensor was computed: what the tape remembers. */
export type GradFn = GradFnOf<Tensor>;

/** A place for the gradient of a leaf, among those of others. */
export interface GradHome {
  /** The same for leaves whose gradients have their places in one array. */
  readonly arena: object;
  /** Whether a gradient lies there. */
  holds(gradient: Storage): boolean;
  /** Moves the gradient out that lies there: somebody may hold it. */
  clear(): void;
  /** Moves a gradient there, once it is clear. */
  moveIn(gradient: Storage): void;
  /** Tells that the gradient lies there now in this storage; the one before is freed, since its content is gone. */
  take(gradient: Storage): void;
}

/** Sees the gradient by a tensor and returns the one to go on with: see `src/autograd/hooks.ts`. */
type Hook = (grad: Tensor) => Tensor;

export class Tensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Number of elements. */
  readonly size: number;
  /** @internal */
  readonly storage: Storage;
  #requiresGrad = false;
  #grad: Tensor | null = null;
  #hook: Hook | undefined;
  /** @internal The function that made this tensor, or null for a leaf. */
  gradFn: GradFn | null = null;
  /** @internal Whether a tensor that is no leaf keeps its gradient. */
  retainsGrad = false;
  /** @internal Where an optimizer wants this leaf's gradient to lie. */
  gradHome: GradHome | null = null;

  /** @internal Use `tensor()`, `zeros()` and their like. */
  constructor(shape: Shape, dtype: DType = 'f32', storage?: Storage, data?: TensorData) {
    this.shape = shape;
    this.dtype = dtype;
    this.size = sizeOf(shape);
    this.storage = storage ?? allocate(shape, this.size * 4, data);
    ownFields ||= Object.values(this).length;
  }

  /** @internal */
  get [opaque](): true {
    return true;
  }

  /**
   * @internal What a function uses that is being recorded and did not make this tensor. What the user has put on the tensor is
   * then looked after.
   */
  used(): Fields | undefined {
    const by = this.storage.isTemporary ? undefined : recording()?.fields;
    by?.read(this, 'fields', () => Object.values(this).slice(ownFields), sameItems);
    return by;
  }

  /** Whether `backward()` computes a gradient for this tensor. */
  get requiresGrad(): boolean {
    this.used()?.see(this, 'requiresGrad');
    return this.#requiresGrad;
  }

  set requiresGrad(requires: boolean) {
    this.used()?.write(this, 'requiresGrad');
    this.#requiresGrad = requires;
  }

  /** The gradient accumulated by `backward()`, or null. One that is assigned outlives the step that made it. */
  get grad(): Tensor | null {
    this.used()?.read(this, 'grad', () => this.#grad?.storage.place ?? null, samePlace);
    return this.#grad;
  }

  set grad(grad: Tensor | null) {
    if (grad && (!sameShape(grad.shape, this.shape) || grad.dtype !== this.dtype)) refuse(`grad: ${grad} for ${this}`);
    grad?.storage.keep();
    recording()?.setGrad(this);
    this.#grad = grad;
  }

  /** @internal Sees the gradient by this tensor and returns the one to go on with. */
  get hook(): Hook | undefined {
    this.used()?.see(this, 'hook');
    return this.#hook;
  }

  set hook(hook: Hook | undefined) {
    this.used()?.write(this, 'hook');
    this.#hook = hook;
  }

  /** @internal Forgets the gradient, whose memory goes with the running step. */
  forgetGrad(): void {
    this.#grad?.storage.retire();
    recording()?.setGrad(this);
    this.#grad = null;
  }

  /** Number of dimensions. */
  get ndim(): number {
    return this.shape.length;
  }

  /** True for a tensor that no recorded function made. */
  get isLeaf(): boolean {
    return this.gradFn === null;
  }

  /** Sets `requiresGrad` and returns this tensor. Only f32 leaves can ask for a gradient. */
  requiresGrad_(requires = true): this {
    if (requires && this.dtype !== 'f32')
      refuse(`requiresGrad_: only f32 tensors have gradients, this is ${this.dtype}`);
    if (!this.isLeaf) refuse('requiresGrad_: only a leaf can change requiresGrad; use detach()');
    this.requiresGrad = requires;
    return this;
  }

  /** Keeps the gradient of a tensor that is not a leaf. */
  retainGrad(): this {
    this.retainsGrad = true;
    return this;
  }

  /** The same elements, cut off from the tape. Shares memory with this tensor. */
  detach(): Tensor {
    return new Tensor(this.shape, this.dtype, this.storage);
  }

  /** The elements in row-major order: Float32Array, Int32Array, or Uint32Array (u32 and bool). Waits for the device. */
  data(): Promise<TensorData> {
    refuseRead();
    return this.#read();
  }

  async #read(isItem = false): Promise<TensorData> {
    if (isItem && this.size !== 1) refuse(`item: wants one element, the shape is ${show(this.shape)}`);
    const content = await this.storage.read();
    const values = new (elementsOf(this.dtype))(content, 0, this.size).slice();
    checkFit(this, values);
    return values;
  }

  /** The only element. @throws KindlingError if there is not exactly one */
  item(): Promise<number> {
    refuseRead();
    return this.#read(true).then(([value]) => Number(value));
  }

  /** The elements as nested arrays; a scalar as a number. */
  array(): Promise<Nested> {
    return this.data().then((data) => nest(data, this.shape, this.dtype === 'bool'));
  }

  /** Overwrites a leaf's elements, in place, with as many of the same type. */
  copy_(source: Tensor | TensorData): this {
    if (!ArrayBuffer.isView(source)) wantTensor('copy_', 'source', source);
    const [size, fits] =
      source instanceof Tensor
        ? [source.size, source.dtype === this.dtype]
        : [source.length, source instanceof elementsOf(this.dtype)];
    if (size !== this.size) refuse(`copy_: ${size} elements do not fit shape ${show(this.shape)}`);
    if (!fits) refuse(`copy_: the elements are not of type ${this.dtype}; cast them with to()`);
    if (!this.isLeaf) refuse('copy_: only leaves are written in place');
    if (source instanceof Tensor) {
      if (source.storage !== this.storage) {
        checkRead(source);
        this.storage.copyFrom(source.storage);
      }
      markLike(this, source);
    } else this.storage.write(source);
    return this;
  }

  /** Frees the GPU memory now. Needed only for what lives outside steps; using the tensor afterwards is an error. */
  dispose(): void {
    this.storage.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Shape and type; the elements need `await print(tensor)`. */
  toString(): string {
    return `Tensor(shape=${show(this.shape)}, dtype=${this.dtype}${this.requiresGrad ? ', requiresGrad' : ''})`;
  }

  /** What Node's console shows. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** How many fields a tensor has before a user gives it more. */
let ownFields = 0;

/** @internal Names and values of the fields that a user has given a tensor. */
export const fieldsOf = (tensor: Tensor): [string, unknown][] => Object.entries(tensor).slice(ownFields);

const samePlace = (a: Place | null, b: Place | null): boolean => a?.root === b?.root && a?.start === b?.start;

/** At once, not by a promise: inside a captured function nobody can wait for one. */
const refuseRead = (): void =>
  refuseInCapture('a tensor is read', 'Return the tensor, and read it from what the captured function returns.');

/** @internal The typed arrays of a type's elements. */
export const elementsOf = (dtype: DType) =>
  dtype === 'f32' ? Float32Array : dtype === 'i32' ? Int32Array : Uint32Array;

function allocate(shape: Shape, bytes: number, data: TensorData | undefined): Storage {
  try {
    return new Storage(bytes, data);
  } catch (error) {
    if (error instanceof KindlingError && !(error instanceof DeviceLostError))
      refuse(`shape ${show(shape)}: ${error.message}`);
    throw error;
  }
}

function nest(data: TensorData, shape: Shape, asBoolean: boolean): Nested {
  let offset = 0;
  const level = (dim: number): Nested => {
    const length = shape[dim];
    if (length === undefined) {
      const value = Number(data[offset++]);
      return asBoolean ? value !== 0 : value;
    }
    return Array.from({ length }, () => level(dim + 1));
  };
  return level(0);
}
