/** The page's side of `npm run test:loss`: a small run that tells of its steps, and ends with its curve or with what went wrong. */
import { init } from 'kindling';
import { trainModel } from 'kindling/train';
import { bitsOf, parts, shuffledRows } from '../../test/support/parts.js';
import type { Host } from '../page.js';

export interface Attempt {
  readonly epochs: number;
  /** A file of the origin private file system. */
  readonly checkpoint: string;
  readonly resume: boolean;
}

export type End =
  | { readonly losses: readonly number[]; readonly bits: readonly number[][] }
  | { readonly error: string };

export async function main(host: Host, { epochs, ...places }: Attempt): Promise<End> {
  try {
    await init();
    const { model, optimizer, train } = parts();
    const user: { losses: number[] } = { losses: [] };
    await trainModel(train, shuffledRows(), {
      ...{ epochs, model, optimizer, user, ...places, checkpointEvery: 0, recover: true, snapshotEvery: 0 },
      async on(event) {
        if (event.type === 'step') user.losses.push(event.loss);
        if (event.type !== 'epoch' && event.type !== 'evaluation') await host.call('tell', event.type, event.step);
      },
    });
    return { losses: user.losses, bits: await bitsOf(model) };
  } catch (error) {
    return { error: String(error) };
  }
}
