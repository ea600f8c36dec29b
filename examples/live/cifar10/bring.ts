/** The worker that brings the real pictures, keeps them and hands them out. It is started once a reader chooses them. */
import {
  type Bringing,
  type CifarNews,
  type CifarOrder,
  PUBLIC,
  type Standing,
  type Wanted,
} from '../shared/cifar10.js';
import { download, originOf } from './download.js';
import { OWN, takeFiles } from './intake.js';
import { Parts } from './parts.js';
import { BrowserShelf, MemoryShelf, type Shelf } from './shelf.js';

const tell = (news: CifarNews, transfer: Transferable[] = []): void => postMessage(news, { transfer });

async function openParts(): Promise<Parts> {
  const memory = new MemoryShelf();
  let kept: Shelf | null = null;
  let why = '';
  try {
    kept = await BrowserShelf.open('cifar10');
  } catch (error) {
    why = `the browser gives this page no place for files (${error instanceof Error ? error.message : error})`;
  }
  return Parts.open(kept, memory, why);
}

const opened = openParts();
let base = PUBLIC;
let giveUp = new AbortController();
/** One thing after the other. */
let work: Promise<void> = Promise.resolve();

const enqueue = (task: () => Promise<void>): void => {
  work = work.then(task).catch((error: unknown) => {
    tell({ type: 'rest', why: error instanceof Error ? error.message : String(error) });
  });
};

const WORDS: Readonly<Record<string, string>> = {
  hub: 'CIFAR-10 (uoft-cs/cifar10 of Hugging Face)',
  [OWN]: 'CIFAR-10 (files chosen by the reader)',
};

/** Whose pictures are given out: the reader's files, where they are here, else those from `base`. */
async function originNow(parts: Parts): Promise<string> {
  return parts.isWhole(OWN) ? OWN : originOf(base);
}

async function standing(): Promise<Standing> {
  const parts = await opened;
  const origin = await originNow(parts);
  const source = WORDS[origin] ?? `CIFAR-10 (from ${base})`;
  return { have: parts.have(origin), source, bytes: parts.bytes, notKept: parts.notKept };
}

const tellStanding = async (): Promise<void> => tell({ type: 'standing', standing: await standing() });

/** What came is told too: training may begin with it. */
function tellBringing(bringing: Bringing): void {
  tell({ type: 'bringing', bringing });
  void tellStanding();
}

/** Brings pictures, in one page at a time: others wait, and find what it brought. */
async function bring(job: (parts: Parts, signal: AbortSignal) => Promise<void>): Promise<void> {
  const parts = await opened;
  giveUp = new AbortController();
  const { signal } = giveUp;
  let why = '';
  try {
    await navigator.locks.request('kindling-cifar10', { signal }, async () => {
      await parts.refresh();
      await job(parts, signal);
    });
  } catch (error) {
    if (!signal.aborted) why = error instanceof Error ? error.message : String(error);
  }
  // A request that nobody waits for any more ends.
  giveUp.abort();
  await tellStanding();
  tell({ type: 'rest', why });
}

async function give({ trainSize, testSize }: Wanted): Promise<void> {
  const parts = await opened;
  const origin = await originNow(parts);
  try {
    const train = await parts.first(origin, 'train', trainSize);
    const test = await parts.first(origin, 'test', testSize);
    const { source } = await standing();
    const transfer = [train, test].flatMap(({ images, labels }) => [images.buffer, labels.buffer]);
    tell({ type: 'given', pictures: { train, test, source } }, transfer);
  } catch (error) {
    tell({ type: 'given', pictures: error instanceof Error ? error.message : String(error) });
    await tellStanding();
  }
}

addEventListener('message', ({ data }: MessageEvent<CifarOrder>) => {
  switch (data.type) {
    case 'look':
      base = data.base;
      enqueue(async () => (await opened).refresh());
      enqueue(tellStanding);
      break;
    case 'fetch':
      base = data.base;
      enqueue(() => bring((parts, signal) => download({ base, parts, signal, tell: tellBringing })));
      break;
    case 'take':
      enqueue(() => bring((parts, signal) => takeFiles(data.files, parts, signal, tellBringing)));
      break;
    case 'cancel':
      giveUp.abort();
      break;
    case 'remove':
      enqueue(async () => (await opened).remove());
      enqueue(tellStanding);
      break;
    case 'give':
      // Not behind a download: training may begin with what is here.
      void give(data);
      break;
    default:
      data satisfies never;
  }
});
