/** Pictures of CIFAR-10, which the page has another worker bring. Loaded by studies that train on them. */
import { ImageDataset } from 'kindling/data';
import type { RunData } from '../../cifar/train.js';
import { CLASSES, type PicturesOrder, type RealPictures, type RealSplit, type Wanted } from '../shared/cifar10.js';
import type { News } from '../shared/protocol.js';

/** @throws Error where they are not here */
export async function realPictures({ trainSize, testSize }: Wanted, tell: (news: News) => void): Promise<RunData> {
  tell({ type: 'prepare', what: 'reading the pictures' });
  const answer = new Promise<RealPictures | string>((resolve) => {
    addEventListener('message', function hear({ data }: MessageEvent<PicturesOrder>) {
      if (data.type !== 'realPictures') return;
      removeEventListener('message', hear);
      resolve(data.pictures);
    });
  });
  tell({ type: 'wantPictures', trainSize, testSize });
  const given = await answer;
  if (typeof given === 'string')
    throw new Error(`The pictures of CIFAR-10 are not here (${given}). They can be fetched below.`);
  const made = ({ images, labels }: RealSplit): ImageDataset => new ImageDataset(images, labels, CLASSES, given.source);
  return { train: made(given.train), test: made(given.test) };
}
