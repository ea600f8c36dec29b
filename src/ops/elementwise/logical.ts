/** Logic: whatever is not 0 is true, NaN too. The results are bool, and pass no gradient. */
import { atMost, wantTensor } from '../../gpu/options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { cast } from '../cast.js';
import type { OnnxRules } from '../onnx.js';
import { eq } from './comparison.js';
import { binary, madeOf, recordsOf } from './make.js';

function logic(name: string, value: string): (a: Tensor, b: Tensor) => Tensor {
  const ofBools = binary({ name, value: `u32(${value})`, makes: 'bool' });
  return madeOf(recordsOf(ofBools), function (a: Tensor, b: Tensor): Tensor {
    atMost(name, 2, arguments);
    return ofBools(cast(wantTensor(name, 'a', a), 'bool'), cast(wantTensor(name, 'b', b), 'bool'));
  });
}

/** Whether both are true; they broadcast. @see https://pytorch.org/docs/stable/generated/torch.logical_and.html */
export const logicalAnd = /* @__PURE__ */ logic('logicalAnd', '(a != 0) & (b != 0)');
/** Whether one is true. @see https://pytorch.org/docs/stable/generated/torch.logical_or.html */
export const logicalOr = /* @__PURE__ */ logic('logicalOr', '(a != 0) | (b != 0)');
/** Whether just one is true. @see https://pytorch.org/docs/stable/generated/torch.logical_xor.html */
export const logicalXor = /* @__PURE__ */ logic('logicalXor', '(a != 0) != (b != 0)');
/** Whether x is false. @see https://pytorch.org/docs/stable/generated/torch.logical_not.html */
export function logicalNot(x: Tensor): Tensor {
  atMost('logicalNot', 1, arguments);
  return eq(wantTensor('logicalNot', 'x', x), 0);
}

/** As ONNX has them. */
export default {
  logicalAnd: 'And',
  logicalOr: 'Or',
  logicalXor: 'Xor',
} satisfies OnnxRules;
