/** Models as ONNX files, against ONNX Runtime, which no browser of these tests has. */

import type { Tensor } from 'kindling';
import * as k from 'kindling';
import * as nn from 'kindling/nn';
import { type ExportOptions, exportOnnx } from 'kindling/onnx';
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';

/** A module of a function. */
export class Apply extends nn.Module<Tensor[]> {
  constructor(readonly body: (...x: Tensor[]) => Tensor) {
    super();
  }
  forward(...x: Tensor[]): Tensor {
    return this.body(...x);
  }
}

const KINDS = { f32: 'float32', i32: 'int32', u32: 'uint32', bool: 'bool' } as const;

async function feedOf(x: Tensor): Promise<ort.Tensor> {
  const data = await x.data();
  return new ort.Tensor(KINDS[x.dtype], x.dtype === 'bool' ? Uint8Array.from(data) : data, x.shape);
}

export interface Run {
  readonly session: ort.InferenceSession;
  readonly wanted: readonly number[];
  readonly got: readonly number[];
}

/** Exports for inputs like the examples, and runs on `inputs`, in ONNX Runtime and here: shape and type are the same. */
export async function inBoth(
  model: nn.Module<Tensor[]>,
  examples: readonly Tensor[],
  inputs: readonly Tensor[],
  options: ExportOptions = {},
): Promise<Run> {
  const bytes = await exportOnnx(model, examples as Tensor[], options);
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const feeds = await Promise.all(inputs.map(async (x, i) => [session.inputNames[i], await feedOf(x)]));
  const { output } = await session.run(Object.fromEntries(feeds));
  const want = k.noGrad(() => model.eval().forward(...inputs));
  if (!output) throw new Error('the output has another name');
  expect(output.dims).toEqual(want.shape);
  expect(output.type).toBe(KINDS[want.dtype]);
  const got = Array.from(output.data as Float32Array, Number);
  return { session, wanted: Array.from(await want.data()), got };
}

/** As {@link inBoth}, with values that agree, by the largest. */
export async function agrees(
  model: nn.Module<Tensor[]>,
  examples: readonly Tensor[],
  inputs: readonly Tensor[],
  options: ExportOptions = {},
): Promise<ort.InferenceSession> {
  const { session, wanted, got } = await inBoth(model, examples, inputs, options);
  const largest = Math.max(...wanted.map(Math.abs), 1e-30);
  const error = Math.max(...wanted.map((value, i) => Math.abs(value - (got[i] as number)))) / largest;
  expect(error).toBeLessThan(1e-5);
  return session;
}
