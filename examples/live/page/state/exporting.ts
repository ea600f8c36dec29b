/** Files that take the library to make. A worker of their own makes them, so that the one that trains does not load what they need. */
import { signal } from '@preact/signals';
import type { Exported, ExportOrder } from '../../shared/exports.js';
import { save } from '../text/files.js';
import { answer } from './cifar10.js';

export const exporting = signal<{ readonly isBusy: boolean; readonly trouble: string }>({ isBusy: false, trouble: '' });

/** Asks for a file; the browser gets it when it is made. */
export function exportFile(what: ExportOrder): void {
  exporting.value = { isBusy: true, trouble: '' };
  const worker = new Worker(new URL('../../worker/exporting.ts', import.meta.url), { type: 'module' });
  const end = (trouble: string): void => {
    worker.terminate();
    exporting.value = { isBusy: false, trouble };
  };
  worker.onmessage = ({ data }: MessageEvent<Exported>) => {
    if (data.type === 'wantPictures') {
      void answer(data).then((given) => worker.postMessage(...given));
      return;
    }
    end(data.type === 'noFile' ? data.why : '');
    if (data.type === 'file') save(data.name, data.bytes, 'application/octet-stream');
  };
  worker.onerror = ({ message }) => end(message || 'the worker could not be loaded');
  worker.postMessage(what);
}
