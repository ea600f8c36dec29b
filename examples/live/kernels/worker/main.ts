/** The kernel page's worker: everything that touches the GPU. It takes orders one by one. */
import { init, onCompile } from 'kindling';
import { chooseKernels } from '../../worker/kernels.js';
import { caseOf } from '../shared/cases.js';
import type { Measured, News, Order, Wanted } from '../shared/protocol.js';

const tell = (news: News): void => postMessage(news);
/** The kernels, and what runs them, once there is something to run them on. */
const loaded = () => import('./rung.js');
let work: Promise<void> = Promise.resolve();
let stopping = new AbortController();
/** Of several kernels that were asked for one after the other, the last is looked at. */
let latest: Wanted | null = null;
let peaks: Promise<Measured> | null = null;

/** A ladder ends behind the size whose measurements take longer. */
const LONGEST = 500;

function enqueue(task: (signal: AbortSignal) => Promise<string | null>): void {
  work = work.then(async () => {
    const { signal } = stopping;
    const trouble = await task(signal).catch((error: unknown) => (signal.aborted ? null : wordsOf(error)));
    tell({ type: 'idle', trouble });
  });
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function open(): Promise<null> {
  try {
    const { host, description, isSoftware, vendor, architecture } = await init();
    onCompile(({ done, total }) => tell({ type: 'compiling', done, total }));
    await chooseKernels();
    tell({ type: 'adapter', adapter: { host, description, isSoftware, vendor, architecture } });
  } catch (error) {
    tell({ type: 'noAdapter', why: wordsOf(error) });
  }
  return null;
}

async function climb(ids: readonly string[], seed: number, signal: AbortSignal): Promise<string | null> {
  tell({ type: 'at', what: 'what the adapter can do at most', done: 0, total: ids.length });
  const { measured, rungOf } = await loaded();
  peaks ??= measured();
  const known = await peaks;
  tell({ type: 'peaks', measured: known });
  const troubles: string[] = [];
  for (const [done, id] of ids.entries()) {
    const { title = id, sizes = [] } = caseOf(id) ?? {};
    for (const size of sizes) {
      if (signal.aborted) return null;
      tell({ type: 'at', what: `${title}, ${size}`, done, total: ids.length });
      try {
        const rung = await rungOf({ id, size, seed }, known.peaks);
        tell({ type: 'rung', rung });
        if ((rung.speed?.tookMs ?? 0) > LONGEST) break;
      } catch (error) {
        troubles.push(`${title}, ${size}: ${wordsOf(error)}`);
        break;
      }
    }
  }
  return troubles.length > 0 ? troubles.join('\n') : null;
}

async function tune(wanted: Wanted, signal: AbortSignal): Promise<null> {
  const [{ tunedOf }, { rungOf }] = await Promise.all([import('./tuner.js'), loaded()]);
  const what = `the tuner, ${caseOf(wanted.id)?.title}`;
  tell({ type: 'at', what, done: 0, total: 1 });
  const tuned = await tunedOf(wanted, (done, total) => tell({ type: 'at', what, done, total }), signal);
  tell({ type: 'tuned', id: wanted.id, size: wanted.size, tuned });
  tell({ type: 'rung', rung: await rungOf(wanted, (await peaks)?.peaks ?? null) });
  return null;
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  switch (data.type) {
    case 'open':
      enqueue(open);
      break;
    case 'look': {
      const { type: _, ...wanted } = data;
      latest = wanted;
      enqueue(async () => {
        if (latest !== wanted) return null;
        const { rungOf } = await loaded();
        tell({ type: 'rung', rung: await rungOf(wanted, null) });
        return null;
      });
      break;
    }
    case 'climb':
      enqueue((signal) => climb(data.ids, data.seed, signal));
      break;
    case 'tune': {
      const { type: _, ...wanted } = data;
      enqueue((signal) => tune(wanted, signal));
      break;
    }
    case 'stop':
      stopping.abort();
      stopping = new AbortController();
      break;
    default:
      data satisfies never;
  }
});
