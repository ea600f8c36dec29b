/** The reader's own picture. It goes to the worker of this page and nowhere else. */
import { signal } from '@preact/signals';
import { subject } from './inside.js';

const white = (): Uint8Array<ArrayBuffer> => new Uint8Array(3 * 32 * 32).fill(255);

/** Planes red, green, blue. */
export const own = signal<Uint8Array<ArrayBuffer>>(white());

const EVERY_MS = 80;
let isDue = false;

/** Changes the picture, and lets the network see it, a few times a second while a hand draws. */
export function setOwn(planes: Uint8Array<ArrayBuffer>): void {
  own.value = planes;
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    if (subject.peek().kind === 'own') showOwn();
  }, EVERY_MS);
}

export const clearOwn = (): void => setOwn(white());

export function showOwn(): void {
  subject.value = { kind: 'own', pixels: own.peek() };
}
