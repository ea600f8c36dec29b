/** Data sets, and what makes batches of them. */
export { CIFAR10, type CIFAR10Options } from './cifar10.js';
export type { BatchDraw, CollateFn } from './collate.js';
export { ColorJitter, type ColorJitterOptions, Grayscale, type Jitter } from './colours.js';
export { ConcatDataset } from './concat.js';
export { ImageDataset, type ImageSample, TensorDataset } from './dataset.js';
export type { Draw, Range } from './draws.js';
export { RandomErasing, type RandomErasingOptions } from './erasing.js';
export type { DecodedPicture } from './files/decode.js';
export type { OnProgress } from './files/files.js';
export {
  RandomResizedCrop,
  type RandomResizedCropOptions,
  RandomRotation,
  type RandomRotationOptions,
} from './geometry.js';
export { ImageFolder, type ImageFolderOptions, type PictureFile } from './imageFolder.js';
export { type Batch, type CollateOptions, DataLoader, type DataLoaderOptions } from './loader.js';
export { FashionMNIST, MNIST, type MNISTFamily, type MNISTOptions } from './mnist.js';
export type { Dataset, HostArray } from './sample.js';
export {
  RandomSampler,
  type RandomSamplerOptions,
  type Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './sampler.js';
export { channelStats } from './stats.js';
export { randomSplit, Subset } from './subset.js';
export { synthetic } from './synthetic.js';
export {
  Compose,
  Cutout,
  Normalize,
  RandomCrop,
  RandomHorizontalFlip,
  type Reshaping,
  type Size,
  type Transform,
  type Transformed,
} from './transforms.js';
