/** kindling/amp: mixed precision, as PyTorch's `torch.amp`. */
export { type AutocastOptions, autocast, isAutocastAvailable, isAutocastEnabled } from './autocast.js';
export { GradScaler, type GradScalerOptions, type GradScalerState } from './gradScaler.js';
export { HalfTensor, half } from './halfTensor.js';
