/**
 * Sizes of a two-dimensional convolution, y = conv2d(x, weight) + bias, as every kernel of it takes them:
 *
 *   y[n, o, i, j] = bias[o] + Σ over c, ky, kx of
 *     weight[o, c, ky, kx] · x[n, group(o) · c/groups + c, i·strideH − padH + ky·dilationH, j·strideW − padW + kx·dilationW]
 *
 * Layout: x is [n, c, h, w], weight is [o, c / groups, kh, kw], y is [n, o, oh, ow]; x outside the image is zero.
 */
import type { GemmVariant } from '../gemm/spec.js';

export interface Conv2dShape {
  n: number;
  c: number;
  h: number;
  w: number;
  o: number;
  kh: number;
  kw: number;
  strideH: number;
  strideW: number;
  padH: number;
  padW: number;
  dilationH: number;
  dilationW: number;
  groups: number;
}

export function conv2dOutput(shape: Conv2dShape): { oh: number; ow: number } {
  const along = (size: number, k: number, stride: number, pad: number, dilation: number): number =>
    Math.floor((size + 2 * pad - dilation * (k - 1) - 1) / stride) + 1;
  return {
    oh: along(shape.h, shape.kh, shape.strideH, shape.padH, shape.dilationH),
    ow: along(shape.w, shape.kw, shape.strideW, shape.padW, shape.dilationW),
  };
}

/** What the kernels derive from a shape: output size, channels per group, taps of the window, pixels. */
export function derived(shape: Conv2dShape) {
  const { oh, ow } = conv2dOutput(shape);
  return {
    oh,
    ow,
    cg: shape.c / shape.groups,
    og: shape.o / shape.groups,
    taps: shape.kh * shape.kw,
    pixels: shape.h * shape.w,
    outPixels: oh * ow,
  };
}

/** A shape's numbers as kernels name them. */
export function sizesOf(shape: Conv2dShape) {
  const all = derived(shape);
  return { ...shape, ...all, weights: all.cg * all.taps };
}

/** Whether a tap can fall outside the image, so that reads of x must be checked. */
export const padded = ({ padH, padW }: Conv2dShape): boolean => padH > 0 || padW > 0;

/** Whether the convolution is a product of the channels alone, pixel by pixel. */
export const plain = (shape: Conv2dShape): boolean =>
  shape.kh * shape.kw * shape.strideH * shape.strideW === 1 && !padded(shape);

/**
 * Whether a kernel on a software adapter takes the same pixel of all images together rather than the pixels of one image:
 * what depends on the pixel is then decided once for the batch. A GPU wants neighbouring addresses instead.
 */
export const imagesTogether = ({ n }: Conv2dShape, variant: GemmVariant): boolean => variant !== 'workgroup' && n >= 16;
