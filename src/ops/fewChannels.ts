/** The gradient of conv2d by an input of few channels, for whoever chose sliding windows. */

import type { ConvWay } from '../choose/convChoice.js';
import { adapter } from '../gpu/device.js';
import { fewChannelsFits, fewChannelsInputGrad } from '../kernels/conv2d/fewChannels.js';
import { launch } from '../tensor/launch.js';

/** Sliding windows as a way to convolve: the input gradient alone. */
export const fewChannels: ConvWay = {
  defaults: (shape) => (fewChannelsFits(shape) ? { inputGrad: adapter().isSoftware } : null),
  inputGrad: ({ shape }, dy, weight, like) => {
    const subgroups = adapter().subgroupSize >= 4;
    return launch(fewChannelsInputGrad({ shape, subgroups }), [dy, weight], like);
  },
};
