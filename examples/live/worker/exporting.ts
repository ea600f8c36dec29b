/** The worker of exports: it takes one order and tells what came of it. */
import { destroy, init } from 'kindling';
import type { PicturesOrder } from '../shared/cifar10.js';
import type { Exported, ExportOrder } from '../shared/exports.js';
import type { News } from '../shared/protocol.js';
import { exported } from './exports.js';
import { picturesOf } from './study.js';

addEventListener('message', async ({ data }: MessageEvent<ExportOrder | PicturesOrder>) => {
  // Whoever asked for them hears.
  if (data.type === 'realPictures') return;
  const tell = (answer: Exported): void => postMessage(answer);
  const ask = (news: News): void => {
    if (news.type === 'wantPictures') tell(news);
  };
  try {
    if (data.type === 'onnx') await init();
    const made = await exported(data, await picturesOf(data.plan, ask));
    // A device that ends with its worker leaves a warning on the console.
    if (data.type === 'onnx') destroy();
    tell(made);
  } catch (error) {
    tell({ type: 'noFile', why: error instanceof Error ? error.message : String(error) });
  }
});
