/** The page without a network: its service worker, and a newer build that waits to be taken. */
import { signal } from '@preact/signals';

/** Whether this is a build; set when it is made. */
declare const KINDLING_OFFLINE: boolean;

/** A newer build, whole, that waits. */
export const newer = signal<ServiceWorker | null>(null);

/** What counts comes first: the worker is sent for when the page has what it needs. */
const LATER_MS = 2000;

export function keepOffline(): void {
  const { serviceWorker } = navigator;
  // Some browsers give none to private windows.
  if (!KINDLING_OFFLINE || !serviceWorker) return;
  setTimeout(async () => {
    try {
      watch(await serviceWorker.register('./sw.js'));
    } catch {
      // The page works without it, where there is a network.
    }
  }, LATER_MS);
}

function watch(registration: ServiceWorkerRegistration): void {
  const waits = (): void => {
    // The first one takes a page that has none, and there is nothing to choose.
    if (registration.waiting && registration.active) newer.value = registration.waiting;
  };
  waits();
  registration.addEventListener('updatefound', () => {
    registration.installing?.addEventListener('statechange', waits);
  });
}

/** Lets the newer build in, and loads the page anew from it. */
export function takeNewer(): void {
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  newer.value?.postMessage('take over');
}
