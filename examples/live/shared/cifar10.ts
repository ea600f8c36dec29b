/** CIFAR-10 as the page knows it: what it is made of, where it comes from, and what page and the worker that brings it say. */

export const CLASSES: readonly string[] = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

export type Split = 'train' | 'test';

/** Pictures of the whole data set. */
export const WHOLE: Readonly<Record<Split, number>> = { train: 50_000, test: 10_000 };

/**
 * Where it is fetched from: Hugging Face's `uoft-cs/cifar10`, two parquet files. `?from=URL` in the page's address names another folder
 * with the same files, on the page's own server or on one that its policy allows. Untested against the public host: what is known
 * of it is from its documentation and from what others report, and everything here is tested against servers of our own.
 */
export const PUBLIC = 'https://huggingface.co/datasets/uoft-cs/cifar10/resolve/main/plain_text';
/** Bytes of both files there, as its description says. */
export const PUBLIC_BYTES = 143_646_105;
export const FILES: Readonly<Record<Split, string>> = {
  train: 'train-00000-of-00001.parquet',
  test: 'test-00000-of-00001.parquet',
};

/** Pictures of a split that are here, from the first on, and how many there are in all; null where that is not known yet. */
export interface Have {
  readonly count: number;
  readonly total: number | null;
}

/** What is here. */
export interface Standing {
  readonly have: Readonly<Record<Split, Have>>;
  /** Where they come from, in words. */
  readonly source: string;
  readonly bytes: number;
  /** Why they stay in memory and are gone with the page; empty where the browser keeps them. */
  readonly notKept: string;
}

export interface Bringing {
  readonly bytes: number;
  readonly allBytes: number;
  readonly pictures: number;
  readonly allPictures: number;
  /** Seconds that are left; null before it can be told. */
  readonly left: number | null;
  /** What is in the way just now, such as a broken connection. */
  readonly hitch: string;
}

/** Pictures in bytes: planes red, green, blue of one after the other. */
export interface RealSplit {
  readonly images: Uint8Array<ArrayBuffer>;
  readonly labels: Uint8Array<ArrayBuffer>;
}

export interface RealPictures extends Readonly<Record<Split, RealSplit>> {
  readonly source: string;
}

/** From the page to the worker that brings the pictures. */
export type CifarOrder =
  /** Say what is here, of what comes from `base` or from files. */
  | { readonly type: 'look'; readonly base: string }
  | { readonly type: 'fetch'; readonly base: string }
  | { readonly type: 'take'; readonly files: readonly File[] }
  | { readonly type: 'cancel' }
  | { readonly type: 'remove' }
  | ({ readonly type: 'give' } & Wanted);

export interface Wanted {
  readonly trainSize: number;
  readonly testSize: number;
}

/** From that worker. */
export type CifarNews =
  | { readonly type: 'standing'; readonly standing: Standing }
  | { readonly type: 'bringing'; readonly bringing: Bringing }
  /** What was asked for is done, was given up, or cannot be: then `why` is not empty. */
  | { readonly type: 'rest'; readonly why: string }
  | { readonly type: 'given'; readonly pictures: RealPictures | string };

/** From the worker that trains, which wants pictures, and to it: the pictures, or why there are none. */
export type PicturesNews = { readonly type: 'wantPictures' } & Wanted;
export type PicturesOrder = { readonly type: 'realPictures'; readonly pictures: RealPictures | string };
