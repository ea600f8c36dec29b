/** The worker: everything that touches the GPU. It takes orders one by one and tells what comes of them. */
import { init } from 'kindling';
import type { Provocation } from '../shared/complaints.js';
import type { Plan } from '../shared/plan.js';
import type { News, Order } from '../shared/protocol.js';
import { Control } from './control.js';
import { hearInside } from './door.js';
import type { Keeper } from './keeping/index.js';
import { measure } from './measure.js';
import { runStudy } from './study.js';

const tell = (news: News, transfer: Transferable[] = []): void => postMessage(news, { transfer });
/** Null where it cannot be loaded. */
let keeping: Promise<Keeper | null> = Promise.resolve(null);
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

const openKeeper = (): Promise<Keeper | null> =>
  import('./keeping/index.js').then((chunk) => chunk.openKeeper(tell)).catch(() => null);

/** Trains a plan, or the kept study on. */
async function train(plan: Plan | null): Promise<void> {
  const keeper = await keeping;
  if (plan) await keeper?.begin(plan);
  const study = plan ?? keeper?.plan;
  if (study) await runStudy(study, control, tell, keeper);
}

/** Loaded when the reader first asks for it. */
async function provoke(by: Provocation): Promise<void> {
  const { answer } = await import('./complaints/main.js');
  answer(by, { control, tell, enqueue });
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  switch (data.type) {
    case 'open':
      keeping = openKeeper();
      enqueue(() => open(data.batchSize));
      break;
    case 'start':
      control.begin();
      enqueue(() => train(data.plan));
      break;
    case 'goOn':
      control.begin();
      enqueue(() => train(null));
      break;
    case 'forget':
      void keeping.then((keeper) => keeper?.forget());
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
    case 'inside':
      hearInside(data.order, tell);
      break;
    case 'change':
      control.change(data.what, data.value);
      break;
    case 'provoke':
      void provoke(data.by);
      break;
    case 'realPictures':
      // Whoever asked for them hears.
      break;
    default:
      data satisfies never;
  }
});
