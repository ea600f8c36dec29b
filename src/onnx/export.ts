/** A model as the bytes of an ONNX file. */
import { refuse } from '../gpu/errors.js';
import { checked, wantTensors } from '../gpu/options.js';
import { type Module, wantModule } from '../nn/module.js';
import { insideScope } from '../stream/scope.js';
import { Tensor } from '../tensor/tensor.js';
import { draw, type Read } from './draw.js';
import { modelProto } from './model.js';
import { anyRows } from './rows.js';

export interface ExportOptions {
  /** Version of ONNX's operators, from 17 to 22. Default: 17. */
  opset?: number | undefined;
  /** Default: 'input'; of several, 'input0', 'input1', … */
  inputNames?: readonly string[] | undefined;
  /** Default: 'output'; of several, 'output0', 'output1', … */
  outputNames?: readonly string[] | undefined;
  /** Whether the first dimension of inputs may have any length, named 'batch', or only that of the example. Default: true. */
  dynamicBatch?: boolean | undefined;
}

/**
 * A model as ONNX: the bytes of a ModelProto that computes what `forward` does in evaluation. Parameters and buffers are
 * initializers under the names of the state dict.
 *
 * The model runs on inputs like the example, whose values do not matter: what `forward` decides in JavaScript is decided
 * once. With `dynamicBatch` it runs a second time with one more row, which shows what depends on the number of rows.
 *
 * @param exampleInput what `forward` takes: a tensor, or an array of them for as many inputs
 * @throws KindlingError inside a step; for a function that has no form in ONNX, by its name; where shapes depend on the
 *   batch in a way that ONNX's `Reshape` cannot say: pass `dynamicBatch: false` then
 * @example
 * const bytes = await exportOnnx(model, zeros([1, 3, 32, 32]), { inputNames: ['image'], outputNames: ['logits'] });
 *
 * // Elsewhere, in a page with onnxruntime-web:
 * const session = await ort.InferenceSession.create(bytes);
 * const image = new ort.Tensor('float32', pixels, [8, 3, 32, 32]);
 * const { logits } = await session.run({ image });
 * @see https://pytorch.org/docs/stable/onnx.html
 */
export async function exportOnnx<Inputs extends readonly Tensor[], Output>(
  model: Module<Inputs, Output>,
  exampleInput: Tensor | Inputs,
  given: ExportOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const known = { opset: 'number', inputNames: 'any', outputNames: 'any', dynamicBatch: 'boolean' } as const;
  const { opset = 17, inputNames, outputNames, dynamicBatch = true } = checked('exportOnnx', given, known);
  wantModule('exportOnnx', model);
  if (insideScope()) refuse('exportOnnx: not inside a step or a captured function; call it after');
  if (!Number.isInteger(opset) || opset < 17 || opset > 22) {
    refuse(`exportOnnx: opset is a whole number from 17 to 22, got ${opset}`);
  }
  const examples = exampleInput instanceof Tensor ? [exampleInput] : exampleInput;
  wantTensors('exportOnnx', examples);
  const options = { opset, inputNames, outputNames };
  const read: Read = new Map();
  const one = await draw(model, examples, 0, options, read);
  const whole = dynamicBatch ? anyRows(one, await draw(model, examples, 1, options, read)) : one;
  return modelProto(whole, model.constructor.name, opset);
}
