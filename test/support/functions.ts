/**
 * Functions with kernels of their own, a line each: how they are called where tests go through all functions, of arguments, empty
 * tensors, overwritten inputs, NaN and infinities, and PyTorch's cases. Those of order are here; others stand in these tests still.
 *
 * `fixtures/nonfinite.py` reads `torch` out of this file, as out of elementwise.ts.
 */
import * as k from 'kindling';

type Empty = (...shape: number[]) => k.Tensor;

export interface FunctionLine {
  /** What it takes beside a tensor, an object last if it has options. */
  readonly given: readonly unknown[];
  /** How PyTorch's cases are called, as in parity/ops.ts. */
  readonly parity: string;
  /** Of tensors without elements: what it makes by name, the shape, and what all elements are. */
  readonly empty: Readonly<Record<string, readonly [(e: Empty) => k.Tensor, readonly number[], number?]>>;
  /** What it refuses of them, as PyTorch does. */
  readonly refuses?: readonly ((e: Empty) => k.Tensor)[];
  /** Calls of a square, each with which of x and the value y PyTorch keeps for backward. */
  readonly saves?: Readonly<Record<string, readonly [(x: k.Tensor) => k.Tensor, string]>>;
  /** Cases of NaN and infinities by name, which begins with the function's: in PyTorch, and here if not of the tensor alone. */
  readonly pytorch: Readonly<Record<string, { readonly torch: string; readonly call?: (x: k.Tensor) => k.Tensor }>>;
}

const { NaN: NAN } = Number;

export const ORDER: Readonly<Record<string, FunctionLine>> = {
  sort: {
    given: [{}],
    parity: 'sort(input, {...})',
    empty: {
      sort: [(e) => k.sort(e(0, 3), { dim: 0 })[0], [0, 3]],
      'sort of nothing': [(e) => k.sort(e(3, 0))[0], [3, 0]],
    },
    saves: { sort: [(x) => k.sort(x)[0], 'x'] },
    pytorch: {
      'sort along 0': { torch: 'torch.sort(columns, dim=0, stable=True)[0]', call: (x) => k.sort(x, { dim: 0 })[0] },
      'sort along 1': { torch: 'torch.sort(rows, dim=1, stable=True)[0]', call: (x) => k.sort(x)[0] },
      'sort descending': {
        torch: 'torch.sort(rows, dim=1, descending=True, stable=True)[0]',
        call: (x) => k.sort(x, { descending: true })[0],
      },
    },
  },
  argsort: {
    given: [{}],
    parity: 'argsort(input, {...})',
    empty: { argsort: [(e) => k.argsort(e(0, 3)), [0, 3]] },
    pytorch: {
      'argsort along 0': { torch: 'torch.sort(columns, dim=0, stable=True)[1]', call: (x) => k.argsort(x, { dim: 0 }) },
      'argsort along 1': { torch: 'torch.sort(rows, dim=1, stable=True)[1]', call: (x) => k.argsort(x, { dim: 1 }) },
      'argsort descending': {
        torch: 'torch.sort(rows, dim=1, descending=True, stable=True)[1]',
        call: (x) => k.argsort(x, { descending: true }),
      },
    },
  },
  // Of equal elements PyTorch takes any, so gradients differ.
  topk: {
    given: [2, {}],
    parity: 'topk(input, k, {...})',
    empty: {
      topk: [(e) => k.topk(e(0, 3), 2)[0], [0, 2]],
      'topk of none': [(e) => k.topk(e(2, 3), 0)[0], [2, 0]],
    },
    refuses: [(e) => k.topk(e(0, 3), 1, { dim: 0 })[0]],
    saves: { topk: [(x) => k.topk(x, 2)[0], 'x'] },
    pytorch: {
      topk: { torch: 'torch.topk(rows.detach(), 3)[0]', call: (x) => k.topk(x, 3)[0] },
      'topk least': {
        torch: 'torch.topk(rows.detach(), 3, largest=False)[0]',
        call: (x) => k.topk(x, 3, { largest: false })[0],
      },
    },
  },
  kthvalue: {
    given: [2, {}],
    parity: 'kthvalue(input, k, {...})',
    empty: { kthvalue: [(e) => k.kthvalue(e(0, 3), 2)[0], [0]] },
    refuses: [(e) => k.kthvalue(e(0, 3), 1, { dim: 0 })[0]],
    saves: { kthvalue: [(x) => k.kthvalue(x, 2)[0], 'x'] },
    pytorch: { kthvalue: { torch: 'torch.kthvalue(rows.detach(), 6)[0]', call: (x) => k.kthvalue(x, 6)[0] } },
  },
  median: {
    given: [{}],
    parity: 'median(input, {...})',
    empty: {
      median: [(e) => k.median(e(0, 3)), [], NAN],
      'median along a dimension': [(e) => k.median(e(0, 3), { dim: 1 })[0], [0]],
    },
    refuses: [(e) => k.median(e(0, 3), { dim: 0 })[0]],
    saves: {
      median: [(x) => k.median(x), 'xy'],
      'median along a dimension': [(x) => k.median(x, { dim: 1 })[0], 'x'],
    },
    pytorch: {
      'median of all': { torch: 'torch.median(x)' },
      'median along 1': { torch: 'torch.median(rows.detach(), 1)[0]', call: (x) => k.median(x, { dim: 1 })[0] },
    },
  },
  max: {
    given: [{}],
    parity: 'max(input, {...})',
    empty: { max: [(e) => k.max(e(0, 3), { dim: 1 })[0], [0]] },
    refuses: [(e) => k.max(e(0, 3)), (e) => k.max(e(0, 3), { dim: 0 })[0]],
    saves: { max: [(x) => k.max(x), 'xy'], 'max along a dimension': [(x) => k.max(x, { dim: 1 })[0], 'x'] },
    pytorch: {
      'max of all': { torch: 'torch.max(x)' },
      'max of equals': { torch: 'torch.max(halves)' },
      'max along 0': { torch: 'torch.max(columns, 0)[0]', call: (x) => k.max(x, { dim: 0 })[0] },
      'max along 1': { torch: 'torch.max(rows, 1)[0]', call: (x) => k.max(x, { dim: 1 })[0] },
      'max along 0 where': { torch: 'torch.max(columns, 0)[1]', call: (x) => k.max(x, { dim: 0 })[1] },
      'max along 1 where': { torch: 'torch.max(rows, 1)[1]', call: (x) => k.max(x, { dim: 1 })[1] },
    },
  },
  min: {
    given: [{}],
    parity: 'min(input, {...})',
    empty: { min: [(e) => k.min(e(0, 3), { dim: 1 })[0], [0]] },
    refuses: [(e) => k.min(e(0, 3), { dim: 0 })[0]],
    pytorch: {
      'min of all': { torch: 'torch.min(x)' },
      'min along 0': { torch: 'torch.min(columns, 0)[0]', call: (x) => k.min(x, { dim: 0 })[0] },
      'min along 1': { torch: 'torch.min(rows, 1)[0]', call: (x) => k.min(x, { dim: 1 })[0] },
      'min along 0 where': { torch: 'torch.min(columns, 0)[1]', call: (x) => k.min(x, { dim: 0 })[1] },
      'min along 1 where': { torch: 'torch.min(rows, 1)[1]', call: (x) => k.min(x, { dim: 1 })[1] },
    },
  },
};
