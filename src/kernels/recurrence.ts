/**
 * Linear recurrences along one dimension: s[k] = b[k] + a[k] · s[k - 1], from s = 0 before the first; backwards, the way its
 * gradient goes, s[k] = b[k] + a[k + 1] · s[k + 1]. Without b they are running products, from 1 before the first.
 *
 * A row is walked in order, by one invocation: products of stretches apart may overflow where the running one, after a 0,
 * does not. Layout: [outer, length, inner]. Launch: one invocation per row.
 */
import { interned, type Kernel, linearKernel } from './kernel.js';

export interface RecurrenceSpec {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly type: 'f32' | 'i32' | 'u32';
  readonly kind: 'product' | 'forward' | 'backward';
}

/** [a, b] → s, or [a] → running products. */
export const recurrenceKernel = /* @__PURE__ */ interned((spec: RecurrenceSpec): Kernel => {
  const { outer, length, inner, type, kind } = spec;
  const turn = {
    product: 'total *= as_[at]; ys[at] = total;',
    // No 0 before the first: it would make a NaN of an infinity.
    forward: 'if (k == 0u) { total = bs[at]; } else { total = bs[at] + as_[at] * total; } ys[at] = total;',
    backward: 'total = bs[at] + next; ys[at] = total; next = as_[at] * total;',
  }[kind];
  return linearKernel({
    name: kind === 'product' ? 'cumprod' : `recurrence.${kind}`,
    read: { as_: type, ...(kind === 'product' ? {} : { bs: type }) },
    write: { ys: type },
    size: outer * inner,
    body: `  let base = i / ${inner}u * ${length * inner}u + i % ${inner}u;
  var total = ${type}(${kind === 'product' ? 1 : 0});
${kind === 'backward' ? `  var next = ${type}();\n` : ''}  for (var k = 0u; k < ${length}u; k++) {
    let at = base + ${kind === 'backward' ? `(${length - 1}u - k)` : 'k'} * ${inner}u;
    ${turn}
  }`,
  });
});
