/** A case of fixtures/linalg_cases.py: value, gradients and second gradients in PyTorch. */
import * as k from 'kindling';
import * as linalg from 'kindling/linalg';
import { build, close, type Plain, plain, sizeOf, toTensor } from './agree.js';

type Options = { ord?: number | string; dim?: number | number[]; keepdim?: boolean };
export type Case = [string, Options, number[][], { shape: number[]; data: number[] }, number[][], number[][]];

const functions: Readonly<Record<string, (...given: never[]) => k.Tensor>> = {
  ...linalg,
  vector_norm: linalg.vectorNorm,
  matrix_norm: linalg.matrixNorm,
};

export const wave = (f: (x: number) => number, shape: readonly number[], first = 0, step = 1): Plain =>
  plain(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => f(first + step * i)),
  );

/** Errors grow with the condition of a matrix, and of [20, 20] derivatives are sums of thousands of terms. */
async function within(what: string, got: k.Tensor, want: Plain): Promise<void> {
  const largest = Math.max(...want.data.map(Math.abs));
  await close(what, got, want, { rtol: 1e-5, atol: 1e-5 * Math.max(largest, 0.1) });
}

/** @param input makes input j */
export async function agreesWithPyTorch(
  [name, { ord, ...rest }, shapes, value, gradients, second]: Case,
  input: (name: string, shape: readonly number[], j: number) => Plain,
): Promise<void> {
  const inputs = shapes.map((shape, j) => toTensor(input(name, shape, j)).requiresGrad_());
  const options = {
    ...rest,
    ...(ord === undefined ? {} : { ord: ord === 'fro' || ord === 'nuc' ? ord : Number(ord) }),
  };
  const y = functions[name]?.(...([...inputs, ...(/norm/.test(name) ? [options] : [])] as never[])) as k.Tensor;
  await within('value', y, value);
  const gradOutputs = toTensor(wave(Math.cos, y.shape));
  const plainly = k.grad(y, inputs, { gradOutputs });
  const again = k.grad(y, inputs, { gradOutputs, createGraph: true });
  for (const [j, shape] of shapes.entries()) {
    await within(`gradient ${j}`, plainly[j] as k.Tensor, plain(shape, gradients[j] ?? []));
    await within(`gradient ${j} in functions`, again[j] as k.Tensor, plain(shape, gradients[j] ?? []));
  }
  const total = again.map((g) => k.sum(k.mul(g, toTensor(wave(Math.sin, g.shape))))).reduce((a, b) => k.add(a, b));
  if (!total.requiresGrad) return;
  const twice = k.grad(total, inputs, { allowUnused: true });
  for (const [j, shape] of shapes.entries()) {
    await within(`second ${j}`, twice[j] ?? k.zeros(shape), plain(shape, second[j] ?? []));
  }
}

export const ORDERS = [2, -2, 'nuc'] as const;

/** Elements of a matrix of full rank. */
export const noise = (r: number, c: number) => Math.sin((r + 3) * (c + 2) * 12.9898 + r * r * 0.7);

export const numbers = async (x: k.Tensor) => [...(await x.data())];

/** Σ uᵢ vᵢᵀ, which is the gradient of the sum of all values, has orthonormal columns, or rows. */
export async function isOrthonormal(a: k.Tensor): Promise<void> {
  const [uv] = k.grad(k.sum(linalg.svdvals(a)), [a]) as [k.Tensor];
  const turned = k.transpose(uv, -2, -1);
  const isWide = Number(a.shape.at(-1)) > Number(a.shape.at(-2));
  const gram = isWide ? k.matmul(uv, turned) : k.matmul(turned, uv);
  await close(
    'orthonormal',
    gram,
    build(gram.shape, (...at) => Number(at.at(-1) === at.at(-2))),
    { atol: 1e-5 },
  );
}
