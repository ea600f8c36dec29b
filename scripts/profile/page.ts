/** What `npm run profile` runs, in either host. */
import { init } from 'kindling';
import { type ChromeTrace, type Figures, profile } from 'kindling/profile';
import { type ModelChoice, modelStep } from './models.js';

export interface ProfileInput extends ModelChoice {
  readonly steps: number;
}

export interface ProfileOutput {
  /** By kernel, and by dispatch. */
  readonly tables: readonly [string, string];
  readonly figures: Figures;
  readonly trace: ChromeTrace;
}

export async function profileModel({ steps, ...choice }: ProfileInput): Promise<ProfileOutput> {
  await init();
  const result = await profile(modelStep(choice), { steps });
  return {
    tables: [result.table(), result.table({ by: 'dispatch' })],
    figures: result.toJSON(),
    trace: result.chromeTrace(),
  };
}

export const main = (_: unknown, input: unknown): Promise<ProfileOutput> => profileModel(input as ProfileInput);
