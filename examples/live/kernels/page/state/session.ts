/** The worker, what it is at, and all that it has found. */
import { batch, computed, signal } from '@preact/signals';
import { CASES, caseOf } from '../../shared/cases.js';
import type { FoundAdapter, Measured, News, Order, Rung, Tuned } from '../../shared/protocol.js';

export type Phase = 'opening' | 'ready' | 'missing';

export const phase = signal<Phase>('opening');
export const adapter = signal<FoundAdapter | null>(null);
export const trouble = signal('');
export const measured = signal<Measured | null>(null);
/** Orders that are not done. */
export const pending = signal(0);
export const at = signal<{ readonly what: string; readonly done: number; readonly total: number } | null>(null);
/** Shaders that compile. */
export const compiling = signal<{ readonly done: number; readonly total: number } | null>(null);
/** By kernel, the smallest size first. */
export const rungs = signal<Readonly<Record<string, readonly Rung[]>>>({});
/** By kernel and size. */
export const tuned = signal<Readonly<Record<string, readonly Tuned[]>>>({});
export const seed = signal(1);
export const spoken = signal('');

/** The kernel that the address names, if it names one. */
const linked = (): string | undefined => caseOf(location.hash.slice(1))?.id;

export const chosen = signal(linked() ?? CASES[0]?.id ?? '');
/** The size that was chosen of a kernel. */
const sizes = signal<Readonly<Record<string, number>>>({});

/** The third size of a ladder: enough to fill something, soon enough done. */
export const sizeOf = (id: string): number => sizes.value[id] ?? caseOf(id)?.sizes[2] ?? 0;
export const shown = computed(() => rungs.value[chosen.value]?.find(({ size }) => size === sizeOf(chosen.value)));
export const tunedKey = (id: string, size: number): string => `${id} ${size}`;

let worker: Worker | null = null;

function order(what: Order): void {
  if (phase.value === 'missing' || !worker) return;
  if (what.type !== 'stop') pending.value++;
  worker.postMessage(what);
}

export function open(): void {
  if (!('gpu' in navigator)) {
    phase.value = 'missing';
    return;
  }
  worker = new Worker(new URL('../../worker/main.ts', import.meta.url), { type: 'module' });
  worker.addEventListener('message', ({ data }: MessageEvent<News>) => batch(() => hear(data)));
  worker.addEventListener('error', ({ message }) => {
    trouble.value = message || 'The worker did not start.';
    pending.value = 0;
  });
  order({ type: 'open' });
  look();
}

/** Looks at what is chosen, unless it is known. */
function look(): void {
  const id = chosen.value;
  if (shown.value?.seed !== seed.value) order({ type: 'look', id, size: sizeOf(id), seed: seed.value });
}

export function followLink(): void {
  addEventListener('hashchange', () => {
    chosen.value = linked() ?? chosen.value;
    look();
  });
}

export function chooseSize(size: number): void {
  sizes.value = { ...sizes.value, [chosen.value]: size };
  look();
}

export function chooseSeed(to: number): void {
  seed.value = to;
  look();
}

export const climb = (ids: readonly string[]): void => order({ type: 'climb', ids, seed: seed.value });
export const tune = (): void => order({ type: 'tune', id: chosen.value, size: sizeOf(chosen.value), seed: seed.value });
export const stop = (): void => order({ type: 'stop' });

const textOf = ({ launches }: Rung): string => launches.map(({ wgsl }) => wgsl).join('\n');

/** Keeps a rung. Where it was only looked at, it has the speed that the same shaders had before. */
function keep(rung: Rung): void {
  const known = rungs.value[rung.id] ?? [];
  const before = known.find(({ size }) => size === rung.size);
  const same = before && textOf(before) === textOf(rung);
  const kept = { ...rung, speed: rung.speed ?? (same ? before.speed : null) };
  const all = [...known.filter(({ size }) => size !== rung.size), kept];
  rungs.value = { ...rungs.value, [rung.id]: all.sort((a, b) => a.size - b.size) };
}

function hear(news: News): void {
  switch (news.type) {
    case 'adapter':
      adapter.value = news.adapter;
      phase.value = 'ready';
      break;
    case 'noAdapter':
      trouble.value = news.why;
      phase.value = 'missing';
      pending.value = 0;
      break;
    case 'at':
      at.value = news;
      break;
    case 'compiling':
      compiling.value = news.done < news.total ? news : null;
      break;
    case 'peaks':
      measured.value = news.measured;
      break;
    case 'rung':
      keep(news.rung);
      break;
    case 'tuned':
      tuned.value = { ...tuned.value, [tunedKey(news.id, news.size)]: news.tuned };
      break;
    case 'idle':
      trouble.value = news.trouble ?? (phase.value === 'missing' ? trouble.value : '');
      pending.value = Math.max(0, pending.value - 1);
      if (pending.value === 0 && at.value) {
        at.value = null;
        spoken.value = 'Done.';
      }
      break;
    default:
      news satisfies never;
  }
}
