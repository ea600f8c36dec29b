/** The study's half that runs in a page: takes jobs from Node, trains, and sends back what came of them. */
import { init } from 'kindling';
import { ImageDataset } from 'kindling/data';
import type { Host } from '../../scripts/page.js';
import { prepare } from './kernels.js';
import { runLog } from './log.js';
import type { PageJob } from './runner.js';
import { type RunData, trainRun } from './train.js';

export async function main(host: Host, input: unknown): Promise<void> {
  // What Node takes from its environment.
  Object.assign(globalThis, { KINDLING_TUNE: (input as { tune?: string }).tune });
  await host.call('ready', await init());
  let data: RunData | null = null;
  for (;;) {
    const job = (await host.call('next')) as PageJob | null;
    if (!job) return;
    data ??= { train: await dataset('train', job), test: await dataset('test', job) };
    const outcome = await trainRun(
      job.config,
      data,
      {
        onPrepare: (what) => void host.call('prepare', what),
        onStep: async (event) => (await host.call('step', event)) === true,
        onEpoch: (record) => void host.call('epoch', record),
        onCheckpoint: (bytes) => host.upload('checkpoint', bytes),
        ...(job.log ? { onLog: (record) => host.call('log', record) } : {}),
      },
      {
        prepare,
        log: runLog,
        ...(job.resume ? { resume: await bytes('resume') } : {}),
        ...(job.start ? { start: await bytes('start') } : {}),
      },
    );
    if (outcome.stopped || 'diverged' in outcome) await host.call('done', outcome);
    else {
      const { result, predictions, weights } = outcome;
      await host.upload('weights', weights);
      await host.call('done', { stopped: false, result, predictions });
    }
  }
}

async function dataset(split: string, { classes, source, synthetic }: PageJob): Promise<ImageDataset> {
  return new ImageDataset(await bytes(`${split}-images`), await bytes(`${split}-labels`), classes, source, synthetic);
}

async function bytes(name: string): Promise<Uint8Array> {
  const response = await fetch(`/data/${name}`);
  if (!response.ok) throw new Error(`${name}: HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
