/**
 * Numbers that the host gives to kernels. Those of a step lie in one page, in slots that a binding may begin at, and the
 * page is uploaded in one write before the step runs.
 */
import { type Page, recording } from './recording.js';
import { insideScope } from './scope.js';
import { Storage } from './storage.js';
import { currentBatch, writeLate } from './stream.js';

const SLOT = 256;
const PAGE_BYTES = 16 * SLOT;
let page: (Page & { readonly storage: Storage; readonly batch: number }) | null = null;

/** A kind of typed arrays, of four bytes per element. */
type Elements = new (buffer: ArrayBuffer, offset?: number, length?: number) => Float32Array | Int32Array | Uint32Array;

/**
 * A storage of `length` elements that the host provides: now, and whenever the step that asks for it is replayed. Those of
 * a step lie in one page, which is uploaded in one write. Outside of steps each is a write of its own.
 */
export function hostSlot(elements: Elements, length: number, provide: () => ArrayLike<number>): Storage {
  const bytes = 4 * length;
  if (!insideScope()) {
    const content = new elements(new ArrayBuffer(bytes));
    content.set(provide());
    return new Storage(bytes, content);
  }
  const room = Math.ceil(bytes / SLOT) * SLOT;
  if (!page || page.batch !== currentBatch() || page.used + room > page.content.length) {
    const size = Math.max(PAGE_BYTES, room);
    const storage = new Storage(size);
    storage.keepForStep();
    const content = new Uint8Array(size);
    const buffer = writeLate(storage.memory(), content);
    page = { storage, buffer, content, used: 0, fill: [], batch: currentBatch() };
    recording()?.pages.push(page);
  }
  const offset = page.used;
  page.used += room;
  const view = new elements(page.content.buffer, offset, length);
  const write = (): void => view.set(provide());
  write();
  page.fill.push(write);
  return Storage.within(page.storage, offset, bytes);
}
