/** The worker: everything that touches the GPU. It takes orders one by one and tells what comes of them. */
import { init } from 'kindling';
import type { News, Order } from '../shared/protocol.js';
import { Control } from './control.js';
import { measure } from './measure.js';
import { runStudy } from './study.js';

const tell = (news: News, transfer: Transferable[] = []): void => postMessage(news, { transfer });
const control = new Control(tell);
/** What was asked for last; the device does one thing after the other. */
let work: Promise<void> = Promise.resolve();

function enqueue(task: () => Promise<void>): void {
  work = work.then(task).catch((error: unknown) => {
    tell({ type: 'failed', why: error instanceof Error ? error.message : String(error) });
  });
}

async function open(batchSize: number): Promise<void> {
  try {
    const { host, description, isSoftware, vendor, architecture } = await init();
    tell({ type: 'adapter', adapter: { host, description, isSoftware, vendor, architecture } });
  } catch (error) {
    tell({ type: 'noAdapter', why: error instanceof Error ? error.message : String(error) });
    return;
  }
  await measure(batchSize, tell, () => control.isWanted);
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  switch (data.type) {
    case 'open':
      enqueue(() => open(data.batchSize));
      break;
    case 'start':
      control.begin();
      enqueue(() => runStudy(data.plan, control, tell));
      break;
    case 'pause':
      control.pause();
      break;
    case 'advance':
      control.advance(data.by);
      break;
    case 'stop':
      control.stop();
      break;
    case 'rate':
      control.setRate(data.rate);
      break;
    default:
      data satisfies never;
  }
});
