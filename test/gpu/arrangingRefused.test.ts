/** What functions that arrange elements, and products by name, refuse, and in which words. */
import * as k from 'kindling';
import { tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { expect, test } from 'vitest';

const made = () => ({ square: k.ones([2, 3]), row: k.ones([3]), cube: k.ones([2, 2, 3]) });
test.each<[string, (given: ReturnType<typeof made>) => unknown]>([
  ['roll: 2 shifts without dims', ({ square }) => k.roll(square, [1, 2])],
  ['roll: shifts 1 and dims [0, 1] are not as many', ({ square }) => k.roll(square, 1, [0, 1])],
  ['roll: dim 2 is outside', ({ square }) => k.roll(square, 1, 2)],
  ['roll: a scalar has no dimensions', () => k.roll(tensor(1), 1, 0)],
  ['rot90: wants two dimensions or more, got [3]', ({ row }) => k.rot90(row)],
  ['rot90: dims [0, -2] are one dimension of [2, 3]', ({ square }) => k.rot90(square, 1, [0, -2])],
  [
    'movedim: [0, 0] and [0, 1] are not as many dimensions of [2, 3], each once',
    ({ square }) => k.movedim(square, [0, 0], [0, 1]),
  ],
  [
    'unflatten: [2, 2] does not multiply to the 3 entries of dimension 1 of [2, 3]',
    ({ square }) => k.unflatten(square, 1, [2, 2]),
  ],
  ['unflatten: [-1, -1] does not multiply', ({ square }) => k.unflatten(square, 1, [-1, -1])],
  ['meshgrid: wants vectors, got [2, 3]', ({ square }) => k.meshgrid([square])],
  [
    'meshgrid: wants vectors of one type, got f32 and i32',
    ({ row }) => k.meshgrid([row, k.zeros([2], { dtype: 'i32' })]),
  ],
  ['repeat: [2] has fewer entries than [2, 3] dimensions', ({ square }) => k.repeat(square, 2)],
  ['repeat: sizes is [2, -1], wants', ({ square }) => k.repeat(square, 2, -1)],
  [
    'repeatInterleave: 2 counts for the 3 entries of dimension 1',
    ({ square }) => k.repeatInterleave(square, [1, 2], { dim: 1 }),
  ],
  [
    'repeatInterleave: the counts are on the device; give { outputSize }',
    ({ row }) => k.repeatInterleave(row, k.zeros([3], { dtype: 'i32' })),
  ],
  [
    'repeatInterleave: counts are i32 of shape [3], got f32 [3]',
    ({ row }) => k.repeatInterleave(row, row, { outputSize: 3 }),
  ],
  [
    'repeatInterleave: outputSize is 5, but the counts add up to 6',
    ({ row }) => k.repeatInterleave(row, 2, { outputSize: 5 }),
  ],
  [
    'diagonal: dim1 1 and dim2 -1 are one dimension of [2, 3]',
    ({ square }) => k.diagonal(square, { dim1: 1, dim2: -1 }),
  ],
  ['diagonal: wants two dimensions or more, got [3]', ({ row }) => k.diagonal(row)],
  ['diag: wants a vector or a matrix, got [2, 2, 3]', ({ cube }) => k.diag(cube)],
  ['pixelShuffle: 2 channels of [2, 2, 3] are no multiple of 2² = 4', ({ cube }) => F.pixelShuffle(cube, 2)],
  ['pixelUnshuffle: height 2 or width 3 of [2, 2, 3] is no multiple of 2', ({ cube }) => F.pixelUnshuffle(cube, 2)],
  [
    'unfold: windows of 4 do not fit the 3 entries of dimension -1 of [2, 3]',
    ({ square }) => k.unfold(square, -1, 4, 1),
  ],
  [
    'unfold: a window of [3,3], dilation [1,1], does not fit [2, 3] with padding [0,0]',
    ({ cube }) => F.unfold(cube, 3),
  ],
  ['unfold: wants [N, C, H, W] or [C, H, W], got [2, 3]', ({ square }) => F.unfold(square, 1)],
  ['unfold: kernelSize is a number, or two', ({ cube }) => F.unfold(cube, [1, 1, 1] as never)],
  ['unfold: wants f32, got i32', ({ cube }) => F.unfold(cube.to('i32'), 1)],
  ["fold: 2 rows of [2, 3] are no multiple of a window's 4 elements", ({ square }) => F.fold(square, 2, 2)],
  ['fold: [4, 3] has 3 windows; 2 × 2 fit [3, 3]', () => F.fold(k.ones([4, 3]), 3, 2)],
  ['bmm: wants [B, n, m] and [B, m, p], got [2, 3] and [2, 2, 3]', ({ square, cube }) => k.bmm(square, cube)],
  ['bmm: [2, 2, 3] and [1, 3, 2] are not [B, n, m] and [B, m, p]', ({ cube }) => k.bmm(cube, k.ones([1, 3, 2]))],
  [
    'baddbmm: input [2, 2, 2, 2] does not broadcast to [2, 2, 2]',
    ({ cube }) => k.baddbmm(k.ones([2, 2, 2, 2]), cube, k.ones([2, 3, 2])),
  ],
  ['outer: wants two vectors, got [2, 3] and [3]', ({ square, row }) => k.outer(square, row)],
  ['dot: [3] f32 and [2] f32 are not of one length and type', ({ row }) => k.dot(row, k.ones([2]))],
  ['mv: [2, 3] and [2] do not multiply', ({ square }) => k.mv(square, k.ones([2]))],
  [
    'bilinear: weight [2, 2, 3] wants [..., 2] and [..., 3], got [2, 3] and [2, 3]',
    ({ square, cube }) => F.bilinear(square, square, cube),
  ],
  ["einsum: 'ij,jk' has 2 operands, got 1 tensors", ({ square }) => k.einsum('ij,jk', square)],
  ["einsum: 'ijk->i' has 'ijk' for a tensor of shape [2, 3]", ({ square }) => k.einsum('ijk->i', square)],
  ["einsum: 'ij->k' has 'k' in the result, but in no operand", ({ square }) => k.einsum('ij->k', square)],
  ["einsum: 'ij->ii' has 'i' twice in the result", ({ square }) => k.einsum('ij->ii', square)],
  ["einsum: in 'ij,jk->ik' 'j' is 3 and 2 long: [2, 3], [2, 3]", ({ square }) => k.einsum('ij,jk->ik', square, square)],
  ["einsum: in 'ii->i' 'i' is 2 and 3 long", ({ square }) => k.einsum('ii->i', square)],
  ["einsum: 'i1->i' has 'i1', which is not letters, and perhaps one '...'", ({ square }) => k.einsum('i1->i', square)],
  ["einsum: 'i->j->k' has more than one arrow", ({ square }) => k.einsum('i->j->k', square)],
])('%s', (message, run) => {
  expect(() => run(made())).toThrow(message);
});
