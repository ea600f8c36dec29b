/** A server of files in ranges, and of its ill doings: it breaks connections, knows no ranges, gives wrong bytes. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Manners {
  /** Default: true. */
  ranges?: boolean;
  /** Connections that are broken in the middle of a response, one after the other, and the bytes before that. */
  breaks?: number;
  breakAfter?: number;
  /** Changes what it gives; `start` is where it lies in the file. */
  lie?: ((name: string, start: number, body: Uint8Array) => Uint8Array) | undefined;
}

export class FileServer {
  /** What was asked for: names of files and ranges. */
  readonly requests: string[] = [];
  manners: Manners = {};
  readonly #files: Readonly<Record<string, Uint8Array>>;
  readonly #server: Server;

  constructor(files: Readonly<Record<string, Uint8Array>>) {
    this.#files = files;
    this.#server = createServer((request, response) => this.listener(request, response));
  }

  readonly listener: RequestListener = (request, response) => {
    const name = request.url?.split('/').at(-1) ?? '';
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    this.requests.push(`${request.method} ${name} ${request.headers.range ?? ''}`.trimEnd());
    const file = this.#files[name];
    if (!file) return void response.writeHead(404).end();
    const { ranges = true, breaks = 0, breakAfter = 0, lie } = this.manners;
    const start = ranges ? Number(range?.[1] ?? 0) : 0;
    const end = ranges && range?.[2] ? Math.min(file.length, Number(range[2]) + 1) : file.length;
    const part = file.slice(start, end);
    const body = lie?.(name, start, part) ?? part;
    response.writeHead(ranges && range ? 206 : 200, {
      'content-length': part.length,
      ...(ranges && range && { 'content-range': `bytes ${start}-${end - 1}/${file.length}` }),
    });
    if (breaks > 0 && body.length > breakAfter) {
      this.manners.breaks = breaks - 1;
      response.write(body.subarray(0, breakAfter), () => setTimeout(() => response.destroy(), 20));
    } else response.end(body);
  };

  async listen(): Promise<void> {
    await new Promise<void>((done) => void this.#server.listen(0, '127.0.0.1', done));
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
