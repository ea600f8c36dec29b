/** The worker of exports: it takes one order and tells what came of it. */
import { init } from 'kindling';
import type { Exported, ExportOrder } from '../shared/exports.js';
import { exported } from './exports.js';
import { picturesOf } from './study.js';

addEventListener('message', async ({ data }: MessageEvent<ExportOrder>) => {
  const tell = (answer: Exported): void => postMessage(answer);
  try {
    if (data.type === 'onnx') await init();
    tell(await exported(data, await picturesOf(data.plan, () => {})));
  } catch (error) {
    tell({ type: 'noFile', why: error instanceof Error ? error.message : String(error) });
  }
});
