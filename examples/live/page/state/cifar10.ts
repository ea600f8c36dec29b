/** The real pictures: what of them is here, and the worker that brings them, which starts once a reader has chosen them. */
import { batch, effect, signal } from '@preact/signals';
import {
  type Bringing,
  type CifarNews,
  type CifarOrder,
  type PicturesOrder,
  PUBLIC,
  type RealPictures,
  type Standing,
  type Wanted,
} from '../../shared/cifar10.js';
import { thousands } from '../text/numbers.js';
import { plan } from './plan.js';

export const standing = signal<Standing | null>(null);
/** How far it has come; null while nothing is brought. */
export const bringing = signal<Bringing | null>(null);
/** Why bringing ended, if not well. */
export const why = signal('');

/** The folder that they are fetched from: `?from=` in the page's address, relative to the page, or the public one. */
export const base = baseOf(location.href);

function baseOf(address: string): string {
  const from = new URL(address).searchParams.get('from');
  return from && URL.canParse(from, address) ? new URL(from, address).href.replace(/\/+$/, '') : PUBLIC;
}

let worker: Worker | null = null;
/** Who waits for pictures. */
let waiting: ((pictures: RealPictures | string) => void) | null = null;

function order(what: CifarOrder): void {
  if (!worker) {
    worker = new Worker(new URL('../../cifar10/bring.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<CifarNews>) => batch(() => hear(data));
    worker.onerror = ({ message }) => {
      why.value = message || 'The worker that brings the pictures could not be loaded.';
      bringing.value = null;
      waiting?.(why.value);
    };
    if (what.type !== 'look') worker.postMessage({ type: 'look', base } satisfies CifarOrder);
  }
  worker.postMessage(what);
}

function hear(news: CifarNews): void {
  switch (news.type) {
    case 'standing':
      standing.value = news.standing;
      break;
    case 'bringing':
      bringing.value = news.bringing;
      break;
    case 'rest':
      bringing.value = null;
      why.value = news.why;
      break;
    case 'given':
      waiting?.(news.pictures);
      waiting = null;
      break;
    default:
      news satisfies never;
  }
}

/** Looks what is here once the plan wants real pictures. */
export function watchChoice(): void {
  effect(() => {
    if (plan.value.data === 'cifar10' && !worker) order({ type: 'look', base });
  });
}

const NOTHING: Bringing = { bytes: 0, allBytes: 0, pictures: 0, allPictures: 0, left: null, hitch: '' };

function begin(what: CifarOrder): void {
  why.value = '';
  bringing.value = NOTHING;
  // Some browsers ask their reader, some decide by themselves; refused, the pictures may have to be fetched again one day.
  void navigator.storage?.persist?.().catch(() => false);
  order(what);
}

export const fetchPictures = (): void => begin({ type: 'fetch', base });
export const takeFiles = (files: readonly File[]): void => begin({ type: 'take', files });
export const cancel = (): void => order({ type: 'cancel' });
export const removePictures = (): void => order({ type: 'remove' });

/** Why a study cannot begin for want of pictures; empty where it can. */
export function lacking(): string {
  const { data, trainSize, testSize } = plan.value;
  if (data === 'synthetic') return '';
  const have = standing.value?.have;
  if (!have) return 'Looking for the pictures…';
  if (have.train.count >= trainSize && have.test.count >= testSize) return '';
  if (have.train.count + have.test.count === 0) return 'The pictures of CIFAR-10 are not here yet.';
  const here = `${thousands(have.train.count)} training and ${thousands(have.test.count)} test pictures are here`;
  return `${here}; this study takes ${thousands(trainSize)} and ${thousands(testSize)}.`;
}

/** What the training worker is told, and what of it is handed over instead of copied. */
export async function answer({ trainSize, testSize }: Wanted): Promise<[PicturesOrder, Transferable[]]> {
  const pictures = await new Promise<RealPictures | string>((resolve) => {
    waiting = resolve;
    order({ type: 'give', trainSize, testSize });
  });
  const splits = typeof pictures === 'string' ? [] : [pictures.train, pictures.test];
  const transfer = splits.flatMap(({ images, labels }) => [images.buffer, labels.buffer]);
  return [{ type: 'realPictures', pictures }, transfer];
}
