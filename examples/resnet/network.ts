/**
 * A residual network (He et al., 2015) of eight layers for pictures of 32 × 32, which it halves at once so that a software
 * adapter trains it in minutes. Its names are those of the same network in `pytorch.py`.
 */
import type { Tensor } from 'kindling';
import { BatchNorm2d, Conv2d, Identity, Linear, Module, Sequential } from 'kindling/nn';
import * as F from 'kindling/nn/functional';

/** relu(f(x) + shortcut(x)), where f is two 3 × 3 convolutions, each with batch normalisation. */
export class ResidualBlock extends Module {
  conv1: Conv2d;
  bn1: BatchNorm2d;
  conv2: Conv2d;
  bn2: BatchNorm2d;
  shortcut: Identity | Sequential;

  constructor(inChannels: number, outChannels: number, stride: number) {
    super();
    // Batch normalisation takes the mean away, and with it any bias in front.
    const bias = false;
    this.conv1 = new Conv2d(inChannels, outChannels, 3, { stride, padding: 1, bias });
    this.bn1 = new BatchNorm2d(outChannels);
    this.conv2 = new Conv2d(outChannels, outChannels, 3, { padding: 1, bias });
    this.bn2 = new BatchNorm2d(outChannels);
    // Where f gives another shape than x has, a 1 × 1 convolution gives it too.
    this.shortcut =
      stride === 1 && inChannels === outChannels
        ? new Identity()
        : new Sequential(new Conv2d(inChannels, outChannels, 1, { stride, bias }), new BatchNorm2d(outChannels));
  }

  override forward(x: Tensor): Tensor {
    let y = F.relu(this.bn1(this.conv1(x)));
    y = this.bn2(this.conv2(y));
    return F.relu(y.add(this.shortcut(x)));
  }
}

export class ResNet extends Module {
  conv = new Conv2d(3, 16, 3, { stride: 2, padding: 1, bias: false });
  bn = new BatchNorm2d(16);
  blocks = new Sequential(new ResidualBlock(16, 16, 1), new ResidualBlock(16, 32, 2), new ResidualBlock(32, 64, 2));
  fc = new Linear(64, 10);

  /** [N, 3, 32, 32] to logits [N, 10]. */
  override forward(x: Tensor): Tensor {
    const y = this.blocks(F.relu(this.bn(this.conv(x))));
    return this.fc(y.mean({ dim: [2, 3] }));
  }
}
