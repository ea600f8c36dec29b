/**
 * Sums of products by Einstein's convention. Operands are taken in pairs, from the left: what only one of them has is summed first,
 * a repeated label is a diagonal, and labels that both have and that go away are a matrix product's. A factor that lies in memory as
 * the product reads it, plain or transposed, is not copied.
 */

import { refuse } from '../gpu/errors.js';
import { text, wantTensor } from '../gpu/options.js';
import { at, sameShape, show, sizeOf, stridesOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { takeBlock } from './blocks.js';
import { reshape, sum } from './broadcast.js';
import { mul } from './elementwise/arithmetic.js';
import { times } from './matmul.js';
import { permute } from './shape.js';

/** A tensor whose dimensions have names; none is there twice or of length 1. */
interface Term {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

type Lengths = ReadonlyMap<string, number>;

/**
 * Multiplies tensors and sums, by an equation such as 'bij,bjk->bik': labels that are not behind the arrow are summed. Any number of
 * operands; `...` stands for dimensions that broadcast; a label that an operand has twice is its diagonal; without an arrow the result has
 * `...` and the labels that are there once, in the order of the alphabet.
 *
 * @param operands tensors, one by one or as an array
 * @example einsum('bhqd,bhkd->bhqk', [query, key])
 * @throws KindlingError where the equation is none, or does not fit the shapes
 * @see https://pytorch.org/docs/stable/generated/torch.einsum.html
 */
export function einsum(equation: string, ...operands: Tensor[] | [readonly Tensor[]]): Tensor {
  if (typeof equation !== 'string') refuse(`einsum: wants an equation such as 'ij,jk->ik', got ${text(equation)}`);
  const tensors = operands.flat();
  tensors.forEach((x, i) => void wantTensor('einsum', `operand ${i}`, x));
  const { inputs, output } = parsed(equation, tensors);
  const lengths = lengthsOf(equation, inputs, tensors);
  const terms = inputs.map((labels, i) => once(tensors[i] as Tensor, labels, lengths));
  const [first, ...rest] = terms as [Term, ...Term[]];
  const last = rest.reduce((made, next, i) => {
    const later = new Set([...output, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    return product(made, next, later, output);
  }, first);
  const order = output.filter((label) => last.labels.includes(label));
  const y = ordered(summed(last, new Set(output)), order);
  const shape = output.map((label) => lengths.get(label) ?? 1);
  return sameShape(y.shape, shape) ? y : reshape(y, shape);
}

/** The labels of each operand and of the result; dimensions of `...` are numbers, counted from the last. */
function parsed(equation: string, tensors: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const wrong = (why: string): never => refuse(`einsum: '${equation}' ${why}`);
  const [left = '', right, more] = equation.replaceAll(' ', '').split('->');
  if (more !== undefined) wrong('has more than one arrow');
  const parts = left.split(',');
  if (parts.length !== tensors.length) wrong(`has ${parts.length} operands, got ${tensors.length} tensors`);
  let broadcast = 0;
  const split = (part: string, dots: (named: number) => number): string[] => {
    if (!/^[a-zA-Z]*(\.{3}[a-zA-Z]*)?$/.test(part)) wrong(`has '${part}', which is not letters, and perhaps one '...'`);
    const count = part.includes('.') ? dots(part.replace('...', '').length) : 0;
    const numbers = Array.from({ length: count }, (_, d) => String(count - 1 - d));
    return part.split(/(?=\.{3})|(?<=\.{3})/).flatMap((piece) => (piece === '...' ? numbers : [...piece]));
  };
  const inputs = parts.map((part, i) => {
    const { ndim, shape } = tensors[i] as Tensor;
    const labels = split(part, (named) => {
      broadcast = Math.max(broadcast, ndim - named);
      return Math.max(0, ndim - named);
    });
    if (labels.length !== ndim) wrong(`has '${part}' for a tensor of shape ${show(shape)}`);
    return labels;
  });
  const all = inputs.flat();
  if (right === undefined) {
    const letters = [...new Set(all)].filter(
      (label) => /\D/.test(label) && all.indexOf(label) === all.lastIndexOf(label),
    );
    return { inputs, output: [...split('...', () => broadcast), ...letters.sort()] };
  }
  const output = split(right, () => broadcast);
  output.forEach((label, i) => {
    if (!all.includes(label)) wrong(`has '${label}' in the result, but in no operand`);
    if (output.indexOf(label) !== i) wrong(`has '${label}' twice in the result`);
  });
  return { inputs, output };
}

/** How long each label's dimension is, where it is not 1: those of length 1 broadcast. */
function lengthsOf(equation: string, inputs: readonly string[][], tensors: readonly Tensor[]): Lengths {
  const lengths = new Map<string, number>();
  inputs.forEach((labels, i) => {
    const { shape } = tensors[i] as Tensor;
    labels.forEach((label, d) => {
      const [n, known] = [at(shape, d), lengths.get(label)];
      const repeated = at(shape, labels.indexOf(label));
      if (n !== repeated || (n !== 1 && known !== undefined && known !== n)) {
        const name = /\d/.test(label) ? "a dimension of '...'" : `'${label}'`;
        refuse(
          `einsum: in '${equation}' ${name} is ${n === repeated ? known : repeated} and ${n} long: ${tensors.map(({ shape }) => show(shape)).join(', ')}`,
        );
      }
      if (n !== 1) lengths.set(label, n);
    });
  });
  return lengths;
}

/** An operand with each label once and without dimensions of length 1. */
function once(x: Tensor, given: readonly string[], lengths: Lengths): Term {
  const labels = [...new Set(given)];
  const strides = stridesOf(x.shape);
  const along = labels.map((label) =>
    given.reduce((all, other, d) => (other === label ? all + at(strides, d) : all), 0),
  );
  const shape = labels.map((label) => at(x.shape, given.indexOf(label)));
  const whole = labels.length === given.length ? x : takeBlock('diagonal', x, { shape, strides: along, offset: 0 });
  const long = labels.filter((label, d) => at(shape, d) !== 1 && lengths.has(label));
  if (long.length === labels.length) return { x: whole, labels };
  return {
    x: reshape(
      whole,
      shape.filter((n) => n !== 1),
    ),
    labels: long,
  };
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();

const lengthOf = ({ x, labels }: Term, label: string): number => x.shape[labels.indexOf(label)] ?? 1;

/** Its tensor with dimensions in another order. */
const ordered = ({ x, labels }: Term, order: readonly string[]): Tensor =>
  same(labels, order)
    ? x
    : permute(
        x,
        order.map((label) => labels.indexOf(label)),
      );

/** Without the labels that nobody wants. */
function summed({ x, labels }: Term, wanted: ReadonlySet<string>): Term {
  const dim = labels.flatMap((label, d) => (wanted.has(label) ? [] : [d]));
  if (dim.length === 0) return { x, labels };
  return { x: sum(x, { dim }), labels: labels.filter((label) => wanted.has(label)) };
}

/** Two terms in one, of the labels that are wanted later. */
function product(one: Term, two: Term, later: ReadonlySet<string>, output: readonly string[]): Term {
  const a = summed(one, new Set([...later, ...two.labels]));
  const b = summed(two, new Set([...later, ...one.labels]));
  const own = (term: Term, other: Term): string[] => term.labels.filter((label) => !other.labels.includes(label));
  const [left, right] = [own(a, b), own(b, a)];
  const shared = a.labels.filter((label) => b.labels.includes(label));
  const [batch, inner] = [shared.filter((label) => later.has(label)), shared.filter((label) => !later.has(label))];
  const isFloat = a.x.dtype === 'f32' && b.x.dtype === 'f32';
  if (!isFloat || inner.length === 0 || left.length + right.length === 0) {
    const labels = [...a.labels, ...right];
    const tail = right.map(() => 1);
    const aligned = reshape(
      ordered(
        b,
        labels.filter((label) => b.labels.includes(label)),
      ),
      labels.map((label) => lengthOf(b, label)),
    );
    return summed({ x: mul(reshape(a.x, [...a.x.shape, ...tail]), aligned), labels }, later);
  }
  // The factor whose labels come first in the result stands on the left, so that the product need not be turned.
  const place = ([label = '']: readonly string[]): number => output.indexOf(label);
  if (left.length > 0 && right.length > 0 && place(right) < place(left)) return product(b, a, later, output);
  const [rows, isRowTurned] = factor(a, batch, left, inner);
  const [columns, isColumnTurned] = factor(b, batch, inner, right);
  const y = times(rows, columns, { transA: isRowTurned, transB: isColumnTurned }, 'einsum');
  const labels = [...batch, ...left, ...right];
  return {
    x: reshape(
      y,
      labels.map((label) => lengthOf(a.labels.includes(label) ? a : b, label)),
    ),
    labels,
  };
}

/** A term as [batch, first, second], and whether it is that transposed. */
function factor(
  term: Term,
  batch: readonly string[],
  first: readonly string[],
  second: readonly string[],
): [Tensor, boolean] {
  const isTurned =
    same(term.labels, [...batch, ...second, ...first]) && !same(term.labels, [...batch, ...first, ...second]);
  const [one, two] = isTurned ? [second, first] : [first, second];
  const size = (labels: readonly string[]): number => sizeOf(labels.map((label) => lengthOf(term, label)));
  const lead = batch.length > 0 ? [size(batch)] : [];
  return [reshape(ordered(term, [...batch, ...one, ...two]), [...lead, size(one), size(two)]), isTurned];
}
