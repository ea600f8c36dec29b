/** TensorBoard's event files as a sink. */
import { writer } from '#disk';
import { atMost } from '../gpu/options.js';
import { eventsOf, versionEvent } from './events.js';
import { Growing, type LogFile, wantFile } from './file.js';
import type { LogSink } from './records.js';

/** Files of one process and second have different names. */
let made = 0;

/**
 * Event files for TensorBoard (`tensorboard --logdir FOLDER`), which shows scalars, histograms, images, text and
 * hyperparameters. A run that goes on adds a file to those of the folder, of which TensorBoard makes one run; a process that is
 * killed leaves a file that is read up to its last whole record.
 *
 * @param to a folder, made where it is not there, in a page of the origin private file system; or a place of one's own for one file
 */
export function tensorBoardSink(to: string | LogFile): LogSink {
  atMost('tensorBoardSink', 1, arguments);
  wantFile('tensorBoardSink', to, 'the path of a folder');
  const seconds = Date.now() / 1000;
  const name = `events.out.tfevents.${String(Math.floor(seconds)).padStart(10, '0')}.${writer()}.${made++}`;
  const path = typeof to === 'string' ? `${to.replace(/\/+$/, '')}/${name}` : to;
  const file = new Growing('tensorBoardSink', path, () => versionEvent(seconds), false);
  return {
    async write(record) {
      file.add(await eventsOf(record));
    },
    flush: () => file.flush(),
    close: () => file.close(),
  };
}
