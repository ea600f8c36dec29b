/** `layerCases.json`, which PyTorch computed (`test/fixtures/layer_cases.py`), and the inputs of its cases. */
import { type Tensor, tensor } from 'kindling';
import type { Plain } from './agree.js';
import { loadJson } from './fixtures.js';

export interface Cases {
  rmsNorm: { shape: number[]; last: number[]; eps: number | null; y: Plain; dx: Plain; dw: Plain | null }[];
  encoders: {
    shape: number[];
    layers: number | null;
    final: boolean;
    options: Record<string, unknown>;
    call: Record<string, Plain>;
    y: Plain;
    dx: Plain;
    repr?: string;
    parameters?: Record<string, Plain>;
  }[];
  distances: { p: number | 'Infinity'; shapes: [number[], number[]]; y: Plain; d1: Plain; d2: Plain }[];
  schedules: {
    kind: 'CyclicLR' | 'MultiplicativeLR';
    optimizer: 'SGD' | 'Adagrad';
    options: Record<string, unknown>;
    lr: number[];
    momentum: (number | null)[];
  }[];
  diracs: { shape: number[]; groups: number; ones: number[][] }[];
  prints: string[];
}

export const layerCases = (): Promise<Cases> => loadJson('layerCases.json');

/** As `made` of the Python file. */
export function made(shape: readonly number[], seed: number): Tensor {
  const length = shape.reduce((a, b) => a * b, 1);
  const entry = (_: unknown, i: number): number => (((i * 37 + seed * 53 + Math.floor(i / 7) * 11) % 128) - 64) / 64;
  return tensor(Float32Array.from({ length }, entry), { shape: [...shape] });
}

/** Six digits are written. */
export const SIX = { rtol: 2e-5, atol: 5e-6 };
