/** Files in a browser: what a server gives under a URL. */
import { KindlingError, refuse } from '../../gpu/errors.js';
import type { Files } from './files.js';

export { decodeOnCanvas as decodePicture } from './decode.js';

export const files: Files = {
  cache: null,
  join: (folder, name) => `${folder.replace(/\/+$/, '')}/${name}`,

  async size(url) {
    const response = await request(url, { method: 'HEAD' });
    if (!response.ok) return null;
    const length = response.headers.get('content-length');
    if (length === null) refuse(`${url}: the server does not say how long the file is`);
    return Number(length);
  },

  async read(url, bytes) {
    const response = await request(url, bytes === undefined ? {} : { headers: { range: `bytes=0-${bytes - 1}` } });
    if (!response.ok) refuse(`${url}: the server answers ${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer()).subarray(0, bytes);
  },

  async *gunzip(url) {
    const response = await request(url);
    if (!response.ok || !response.body) refuse(`${url}: the server answers ${response.status}`);
    const reader = response.body.pipeThrough(new DecompressionStream('gzip')).getReader();
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw new KindlingError(`${url}: the archive is cut off, damaged, or no gzip file`, { cause: error });
      });
      if (done) return;
      yield value;
    }
  },

  download: unavailable,
  hasMd5: unavailable,
  setAside: unavailable,
  writeFolder: unavailable,
};

async function request(url: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw new KindlingError(`${url}: the server cannot be reached`, { cause: error });
  }
}

export const pathsIn = (root: string): Promise<string[]> =>
  Promise.reject(new KindlingError(`${root}: a page cannot list a folder: ImageFolder.from takes files and URLs`));

function unavailable(): Promise<never> {
  return Promise.reject(
    new KindlingError(
      'a page cannot keep or unpack a data set: serve its files (or the archive) from its own origin and give their URL as `root`',
    ),
  );
}
