/** The worker of exports: it takes one order and tells what came of it. */
import { destroy, init } from 'kindling';
import type { Exported, ExportOrder } from '../shared/exports.js';
import { exported } from './exports.js';
import { picturesOf } from './study.js';

addEventListener('message', async ({ data }: MessageEvent<ExportOrder>) => {
  const tell = (answer: Exported): void => postMessage(answer);
  try {
    if (data.type === 'onnx') await init();
    const made = await exported(data, await picturesOf(data.plan, () => {}));
    // A device that ends with its worker leaves a warning on the console.
    if (data.type === 'onnx') destroy();
    tell(made);
  } catch (error) {
    tell({ type: 'noFile', why: error instanceof Error ? error.message : String(error) });
  }
});
