import { lossListeners } from '../gpu/device.js';
import type { DeviceLostError } from '../gpu/errors.js';
import { atMost, required } from '../gpu/options.js';

/**
 * Calls `listen` with the reason whenever the device goes: taken away by a driver or a browser, or given back by `destroy()`. What
 * waits for the device ends in the same error. What `listen` throws is shown on the console and changes nothing.
 *
 * @returns ends it
 * @example const end = onDeviceLost(({ message }) => console.warn(message));
 */
export function onDeviceLost(listen: (lost: DeviceLostError) => unknown): () => void {
  atMost('onDeviceLost', 1, arguments);
  required('onDeviceLost', { listen }, { listen: 'function' });
  const tell = (lost: DeviceLostError): void => {
    // It may be async, and reject.
    (async () => listen(lost))().catch((error: unknown) => {
      console.error('onDeviceLost: the listener threw', error);
    });
  };
  lossListeners.add(tell);
  return () => void lossListeners.delete(tell);
}
