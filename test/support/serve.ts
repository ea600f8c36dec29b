import type { RequestListener } from 'node:http';

/** A server of `content`; it closes the connection after `breakAfter` bytes of a response. */
export function serve(
  content: Uint8Array,
  options: { ranges: boolean; breakAfter?: number; times?: number },
): RequestListener {
  let breaks = options.times ?? Number.POSITIVE_INFINITY;
  return (request, response) => {
    const start = options.ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const body = content.subarray(start);
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length, ...(start > 0 ? range : {}) });
    if (options.breakAfter !== undefined && body.length > options.breakAfter && breaks-- > 0) {
      response.write(body.subarray(0, options.breakAfter), () => setTimeout(() => response.destroy(), 20));
    } else response.end(body);
  };
}
