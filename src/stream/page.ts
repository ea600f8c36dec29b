/**
 * Numbers that the host gives to kernels. Those of a step lie in one page, in slots that a binding may begin at, and the
 * page is uploaded in one write before the step runs.
 */
import { type Page, recording } from './recording.js';
import { insideScope, Storage } from './storage.js';
import { currentBatch, writeLate } from './stream.js';

const SLOT = 256;
const PAGE_BYTES = 16 * SLOT;
let page: (Page & { readonly storage: Storage; readonly batch: number }) | null = null;

/**
 * A storage of `bytes` that the host fills: now, and whenever the step that asks for it is replayed. Those of a step lie
 * in one page, which is uploaded in one write. Outside of steps each is a write of its own.
 *
 * @param fill writes the content into the view it is given
 */
export function hostSlot(bytes: number, fill: (view: DataView) => void): Storage {
  if (!insideScope()) {
    const content = new DataView(new ArrayBuffer(bytes));
    fill(content);
    return new Storage(bytes, content);
  }
  const room = Math.ceil(bytes / SLOT) * SLOT;
  if (!page || page.batch !== currentBatch() || page.used + room > page.content.length) {
    const size = Math.max(PAGE_BYTES, room);
    const storage = Storage.forStep(size);
    const content = new Uint8Array(size);
    const buffer = writeLate(storage.memory(), content);
    page = { storage, buffer, content, used: 0, fill: [], batch: currentBatch() };
    recording()?.pages.push(page);
  }
  const offset = page.used;
  page.used += room;
  const view = new DataView(page.content.buffer, offset, bytes);
  const write = (): void => fill(view);
  write();
  page.fill.push(write);
  return Storage.within(page.storage, offset, bytes);
}
