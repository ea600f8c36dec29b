/**
 * The service worker: lets the page work where there is no network. It holds one build, whole, and answers from it alone; the next
 * build waits beside it until the reader takes it, so no page is ever made of two.
 */

/** Path and checksum of each file of the build; set when it is made. */
declare const FILES: readonly (readonly [path: string, integrity: string])[];
declare const VERSION: string;

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Event {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope extends EventTarget {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

const scope = self as unknown as Scope;
/** Other pages of the host have caches too. */
const PREFIX = `kindling-live ${scope.registration.scope} `;
const NAME = PREFIX + VERSION;
const place = (path: string): string => new URL(path, scope.registration.scope).href;
const held = new Set(FILES.map(([path]) => place(path)));

/** All files or none: one that is not of this build, or is not there, leaves everything as it was. */
async function install(): Promise<void> {
  const cache = await caches.open(NAME);
  try {
    await Promise.all(
      FILES.map(async ([path, integrity]) => {
        const response = await fetch(place(path), { integrity, cache: 'no-cache' });
        if (!response.ok) throw new Error(`${path}: ${response.status}`);
        const { headers } = response;
        // A copy: pages take no answer that came by a redirection.
        await cache.put(place(path), new Response(await response.blob(), { headers }));
      }),
    );
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
}

/** A page of the build before may still be open in another tab, and asks for parts of it: that one stays too. */
async function activate(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function answer(request: Request, url: string): Promise<Response> {
  const own = await (await caches.open(NAME)).match(url);
  return own ?? (await caches.match(url)) ?? fetch(request);
}

scope.addEventListener('install', (event) => (event as Lasting).waitUntil(install()));
scope.addEventListener('activate', (event) => (event as Lasting).waitUntil(activate()));
scope.addEventListener('message', ({ data }: Event & { data?: unknown }) => {
  if (data === 'take over') void scope.skipWaiting();
});
scope.addEventListener('fetch', (event) => {
  const { request } = event as Fetching;
  if (request.method !== 'GET') return;
  const { origin, pathname } = new URL(request.url);
  const url = (origin + pathname).replace(/index\.html$/, '');
  if (held.has(url) || url.startsWith(place('assets/'))) (event as Fetching).respondWith(answer(request, url));
});
