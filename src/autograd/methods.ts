/**
 * Gives `Tensor` its arithmetic, shape methods and `backward`. Imported once, by the package's entry. What few programs call
 * is in `kindling/methods`.
 */
import { Tensor } from '../tensor/tensor.js';
import * as binary from './binary.js';
import * as broadcast from './broadcast.js';
import { cast } from './cast.js';
import { matmul } from './matmul.js';
import * as reduce from './reduce.js';
import * as shape from './shape.js';
import { backward } from './tape.js';
import * as unary from './unary.js';

type Rest<F> = F extends (x: Tensor, ...rest: infer R) => infer Result ? (...rest: R) => Result : never;

/** Functions as the methods that {@link defineMethods} makes of them. */
export type MethodsOf<Functions> = { [Name in keyof Functions]: Rest<Functions[Name]> };

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** this + other, with broadcasting. */
    add: Rest<typeof binary.add>;
    /** this − other. */
    sub: Rest<typeof binary.sub>;
    /** this · other, elementwise. */
    mul: Rest<typeof binary.mul>;
    /** this / other. */
    div: Rest<typeof binary.div>;
    /** −this. */
    neg: Rest<typeof unary.neg>;
    /** e to this. */
    exp: Rest<typeof unary.exp>;
    /** Natural logarithm. */
    log: Rest<typeof unary.log>;
    /** Square root. */
    sqrt: Rest<typeof unary.sqrt>;
    /** max(this, 0). */
    relu: Rest<typeof unary.relu>;
    /** Matrix product, batched over leading dimensions. */
    matmul: Rest<typeof matmul>;
    sum: Rest<typeof broadcast.sum>;
    mean: Rest<typeof reduce.mean>;
    reshape(...shape: number[] | [readonly number[]]): Tensor;
    /** {@link Tensor.reshape} under its other name. */
    view(...shape: number[] | [readonly number[]]): Tensor;
    permute(...dims: number[] | [readonly number[]]): Tensor;
    transpose: Rest<typeof shape.transpose>;
    expand(...shape: number[] | [readonly number[]]): Tensor;
    squeeze: Rest<typeof shape.squeeze>;
    unsqueeze: Rest<typeof shape.unsqueeze>;
    flatten: Rest<typeof shape.flatten>;
    /** In another element type. */
    to: Rest<typeof cast>;
    /** The transpose of a matrix. */
    readonly T: Tensor;
    /** Adds to `grad` of every leaf the gradient of this tensor (times `gradient`, default 1 for a scalar) by it. */
    backward(gradient?: Tensor): void;
  }
}

type Method = (x: Tensor, ...rest: never[]) => unknown;

/** Methods whose arguments are the function's own. */
const METHODS = {
  add: binary.add,
  sub: binary.sub,
  mul: binary.mul,
  div: binary.div,
  neg: unary.neg,
  exp: unary.exp,
  log: unary.log,
  sqrt: unary.sqrt,
  relu: unary.relu,
  matmul,
  sum: broadcast.sum,
  mean: reduce.mean,
  transpose: shape.transpose,
  squeeze: shape.squeeze,
  unsqueeze: shape.unsqueeze,
  flatten: shape.flatten,
  to: cast,
  backward,
} satisfies Record<string, Method>;

/** Methods that take a shape as one array or as numbers. */
const SHAPED = {
  reshape: broadcast.reshape,
  view: broadcast.reshape,
  permute: shape.permute,
  expand: broadcast.expand,
} satisfies Record<string, (x: Tensor, shape: readonly number[]) => Tensor>;

function define(name: string, method: (this: Tensor, ...rest: never[]) => unknown): void {
  Object.defineProperty(Tensor.prototype, name, { value: method, configurable: true, writable: true });
}

/** Makes functions methods: their first argument is the tensor. */
export function defineMethods(functions: Readonly<Record<string, Method>>): void {
  for (const [name, call] of Object.entries(functions)) {
    define(name, function (...rest) {
      return call(this, ...rest);
    });
  }
}

defineMethods(METHODS);
for (const [name, call] of Object.entries(SHAPED)) {
  define(name, function (this: Tensor, ...given: (number | readonly number[])[]) {
    return call(this, given.flat() as number[]);
  });
}
Object.defineProperty(Tensor.prototype, 'T', {
  configurable: true,
  get(this: Tensor) {
    return shape.transpose(this, 0, 1);
  },
});
