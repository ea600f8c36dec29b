/** kindling/recover: a device that is lost is not the end. What was held by a snapshot comes back on another device. */
export { onDeviceLost } from './lost.js';
export { recover } from './recover.js';
export { Snapshot, snapshot } from './snapshot.js';
