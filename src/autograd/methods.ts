/**
 * Gives `Tensor` its arithmetic, shape methods and `backward`. Imported once, by the package's entry. What few programs call
 * is in `kindling/methods`.
 */
import { refuse } from '../gpu/errors.js';
import * as broadcast from '../ops/broadcast.js';
import { cast } from '../ops/cast.js';
import { relu } from '../ops/elementwise/activations.js';
import { add, div, mul, neg, sqrt, sub } from '../ops/elementwise/arithmetic.js';
import { exp, log } from '../ops/elementwise/exponential.js';
import { matmul } from '../ops/matmul.js';
import { mean } from '../ops/reduce.js';
import { flatten, permute, squeeze, transpose, unsqueeze } from '../ops/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { backward } from './backward.js';

/** Methods whose arguments are the function's own. */
const METHODS = {
  ...{ add, div, mul, sub, matmul, sum: broadcast.sum, mean, to: cast, backward },
  ...{ flatten, squeeze, transpose, unsqueeze, exp, log, neg, relu, sqrt },
};

type Rest<F> = F extends (x: Tensor, ...rest: infer R) => infer Result ? (...rest: R) => Result : never;

/** Functions as methods: the tensor is their first argument. */
export type MethodsOf<Functions> = { [Name in keyof Functions]: Rest<Functions[Name]> };

/** Methods of tensors that are there without an import. */
interface Methods extends MethodsOf<typeof METHODS> {}

declare module '../tensor/tensor.js' {
  interface Tensor extends Methods {
    reshape(...shape: number[] | [readonly number[]]): Tensor;
    /** {@link Tensor.reshape} under its other name. */
    view(...shape: number[] | [readonly number[]]): Tensor;
    permute(...dims: number[] | [readonly number[]]): Tensor;
    expand(...shape: number[] | [readonly number[]]): Tensor;
    /** The transpose of a matrix. */
    readonly T: Tensor;
  }
}

/** A method that takes a shape as one array or as numbers. */
const shaped =
  (call: (x: Tensor, shape: readonly number[]) => Tensor) =>
  (x: Tensor, ...given: (number | readonly number[])[]): Tensor =>
    call(x, given.flat() as number[]);

/** @internal What `kindling/methods` adds and PyTorch's tensors have: its names, without its weight, in an order that gzip likes. */
export const MORE_METHODS =
  'square reciprocal rsqrt pow erf div_ mul_ sub_ add_ fill_ zero_ min amax argmax max argmin amin abs round floor sign ceil tril ' +
  'triu minimum maximum cos sin chunk split slice select narrow unbind flip clone log1p clamp registerHook indexSelect gather eq le ' +
  'gt ge ne lt isfinite isnan isinf nanToNum cumsum maskedFill tanh sigmoid variance std prod norm softmax logSoftmax logsumexp';

function define(name: string, property: PropertyDescriptor & ThisType<Tensor>): void {
  Object.defineProperty(Tensor.prototype, name, { configurable: true, ...property });
}

/** Makes functions methods: their first argument is the tensor. */
export function defineMethods(functions: Readonly<Record<string, (x: Tensor, ...rest: never[]) => unknown>>): void {
  for (const [name, call] of Object.entries(functions)) {
    define(name, {
      writable: true,
      value(...rest: never[]) {
        return call(this, ...rest);
      },
    });
  }
}

defineMethods(METHODS);
defineMethods({
  ...{ reshape: shaped(broadcast.reshape), view: shaped(broadcast.reshape) },
  ...{ permute: shaped(permute), expand: shaped(broadcast.expand) },
});
define('T', {
  get() {
    return transpose(this, 0, 1);
  },
});

/** What PyTorch's users write out of habit: without this JavaScript says "not a function", or nothing at all. */
const ADVICE = {
  'tensors are on the device already': 'cuda cpu',
  'await data() or array()': 'numpy tolist',
  'see shape, size (of elements) and ndim': 'numel nelement dim',
  "to('f32')": 'float double half',
  "to('i32')": 'int long',
  "to('bool')": 'bool',
  'tensors always are': 'contiguous',
  'variance()': 'var',
  'ops return a new tensor: x = x.add(y)': 'neg_ exp_ clamp_ relu_ pow_ sqrt_',
  'it is in camelCase here': 'requires_grad_ retain_grad register_hook index_select log_softmax masked_fill leaky_relu',
  "write *(x), or `import 'kindling/methods'` once": MORE_METHODS,
};
for (const [instead, names] of Object.entries(ADVICE)) {
  for (const name of names.split(' ')) {
    const value = () => refuse(`Tensor has no ${name}(): ${instead.replace('*', name)}`);
    define(name, { value, writable: true });
  }
}
const noSuchField = (): never => refuse('Tensor has no requires_grad: it is requiresGrad here');
define('requires_grad', { get: noSuchField, set: noSuchField });
