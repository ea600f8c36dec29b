/** After LeNet-5 (LeCun et al., 1998), with ReLU, max-pooling and more maps: 20,522 parameters. */
import { Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential } from 'kindling/nn';

/** [N, 1, 28, 28] to logits [N, 10]. */
export const network = (): Sequential =>
  new Sequential(
    new Conv2d(1, 8, 5),
    new ReLU(),
    new MaxPool2d(2),
    new Conv2d(8, 16, 5),
    new ReLU(),
    new MaxPool2d(2),
    new Flatten(),
    new Linear(256, 64),
    new ReLU(),
    new Linear(64, 10),
  );
