import { type Adapter, reopen } from '../gpu/device.js';
import { DeviceLostError, refuse } from '../gpu/errors.js';
import { atMost, text } from '../gpu/options.js';
import { Snapshot } from './snapshot.js';

/** A browser whose GPU process has died starts another, and has no adapter meanwhile. */
const PAUSES_MS = [100, 400, 1500, 4000];

/**
 * Opens another device with the options of the last `init()`, unless there is one, and lets what the snapshot held be as it was:
 * the same objects, with their contents. Captured functions are recorded anew at their next calls, data sets uploaded anew. Iterate
 * over the loader anew: it goes on where it was. Tensors of the lost device that were not held stay gone. Where the device is not
 * lost, it goes back to the snapshot all the same. A snapshot may be used again and again.
 *
 * @returns the adapter, as `init()` does
 * @throws DeviceLostError where there is no other device, saying what to do; KindlingError where a held optimizer, scheduler or
 *   loader does not take its state back
 * @example
 * if (error instanceof DeviceLostError) await recover(saved);
 */
export async function recover(saved: Snapshot): Promise<Adapter> {
  atMost('recover', 1, arguments);
  if (!(saved instanceof Snapshot)) refuse(`recover: wants what snapshot() gives, got ${text(saved)}; await it first`);
  const adapter = await another();
  saved.restore();
  return adapter;
}

/** Another device, if need be after some seconds. @throws DeviceLostError where there is none */
export async function another(): Promise<Adapter> {
  for (const pause of [...PAUSES_MS, null]) {
    try {
      return await reopen();
    } catch (error) {
      if (error instanceof DeviceLostError) throw error; // Given back while it was opened.
      if (pause === null) throw none(error);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  throw none(null);
}

const none = (cause: unknown): DeviceLostError =>
  new DeviceLostError(
    `recover: the device is lost, and there is no other now (${cause instanceof Error ? cause.message : cause}). In a page: load ` +
      'it again; where that does not help, quit the browser and start it again. A run with a checkpoint goes on from there: ' +
      'trainModel(…, { checkpoint, resume: true })',
    { cause },
  );
