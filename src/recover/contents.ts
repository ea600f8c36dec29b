/** Contents of many tensors, brought to the host in one copy. */
import { fitting } from '../optim/fitting.js';
import { delivered, readback } from '../stream/readback.js';
import { Storage } from '../stream/storage.js';
import { flush } from '../stream/stream.js';

/** Ranges begin at multiples of this. */
const ALIGNMENT = 256;
const taken = ({ bytes }: Storage): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * The contents as they are after all that is recorded so far. They are copied side by side on the device, in one submit, and
 * mapped once (once more for each further buffer that they do not fit in). Steps go on meanwhile.
 */
export async function contentsOf(storages: readonly Storage[]): Promise<Map<Storage, Uint8Array<ArrayBuffer>>> {
  const reads = fitting(storages, taken).map((run) => {
    const whole = new Storage(run.reduce((sum, one) => sum + taken(one), 0));
    whole.keep();
    let at = 0;
    for (const one of run) {
      const range = Storage.within(whole, at, one.bytes);
      range.copyFrom(one);
      range.free();
      at += taken(one);
    }
    return { run, whole, content: readback(whole.memory()) };
  });
  flush();
  for (const { whole } of reads) whole.free();
  const contents = await Promise.all(reads.map(({ content }) => delivered(content)));
  const found = new Map<Storage, Uint8Array<ArrayBuffer>>();
  reads.forEach(({ run }, i) => {
    let at = 0;
    for (const one of run) {
      found.set(one, new Uint8Array(contents[i] as ArrayBuffer, at, one.bytes));
      at += taken(one);
    }
  });
  return found;
}
