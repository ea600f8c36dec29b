/** A square convolution without padding: x [batch, inChannels, size, size], weight [outChannels, inChannels, kernel, kernel]. */
export interface ConvShape {
  readonly batch: number;
  readonly inChannels: number;
  readonly size: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
}

export const outSize = ({ size, kernel, stride }: ConvShape): number => Math.floor((size - kernel) / stride) + 1;
