/** The library in a Web Worker. Node, whose workers are others, does not run this file. */
import { expect, test } from 'vitest';
import { type Trained, train } from './worker.js';

test('a module worker trains to the losses of the page', async () => {
  const bundle = new URL('/bundle.js', location.href).href;
  const program = `import(${JSON.stringify(bundle)}).then(({ work }) => work())`;
  const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  try {
    const trained = new Promise<Trained>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data as Trained);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    const there = await trained;
    expect(there).toEqual(await train());
    expect(there.losses[2]).toBeLessThan(there.losses[0] ?? 0);
  } finally {
    worker.terminate();
    URL.revokeObjectURL(url);
  }
});
