/** Data sets, and what makes batches of them. */
export { CIFAR10, type CIFAR10Options } from './cifar10.js';
export { ImageDataset, type ImageSample, TensorDataset } from './dataset.js';
export type { DecodedPicture } from './files/decode.js';
export type { OnProgress } from './files/files.js';
export { ImageFolder, type ImageFolderOptions, type PictureFile } from './imageFolder.js';
export { type Batch, DataLoader, type DataLoaderOptions } from './loader.js';
export { FashionMNIST, MNIST, type MNISTFamily, type MNISTOptions } from './mnist.js';
export type { Dataset, HostArray } from './sample.js';
export { channelStats } from './stats.js';
export { randomSplit, Subset } from './subset.js';
export { synthetic } from './synthetic.js';
export {
  Compose,
  Cutout,
  type Draw,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  type Reshaping,
  type Transform,
  type Transformed,
} from './transforms.js';
