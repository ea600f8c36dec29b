/** Arrays of jax-js, and Adam as its optimizer package writes it: what its steps share. An argument is given up unless it is `x.ref`. */
import { numpy as np } from '@jax-js/jax';

export type Arrays = np.Array[];

export const put = (values: Float32Array | Int32Array, shape: readonly number[]): np.Array =>
  np.array(values as Float32Array<ArrayBuffer>, { shape: [...shape] });

export const kept = (arrays: Arrays): Arrays => arrays.map((one) => one.ref);

export function dispose(arrays: Arrays): void {
  for (const one of arrays) one.dispose();
}

/** One parameter's update. `c1` and `c2` correct the moments. Consumes its arguments. */
export function adam(
  lr: number,
  p: np.Array,
  m: np.Array,
  v: np.Array,
  g: np.Array,
  c1: np.Array,
  c2: np.Array,
): Arrays {
  const first = m.mul(0.9).add(g.ref.mul(0.1));
  const second = v.mul(0.999).add(g.ref.mul(g).mul(0.001));
  const step = first.ref.div(c1).div(np.sqrt(second.ref.div(c2)).add(1e-8));
  return [p.sub(step.mul(lr)), first, second];
}

/** 1 − βᵗ, in the graph, so that the step's number is data. */
export const correction = (t: np.Array, beta: number): np.Array =>
  np
    .exp(t.mul(Math.log(beta)))
    .mul(-1)
    .add(1);
