/** What `npm run profile` runs, in either host. */
import { init } from 'kindling';
import { type ChromeTrace, type Profile, profile } from 'kindling/profile';
import { studyStep } from './study.js';

export interface ProfileInput {
  readonly model: 'study';
  readonly batchSize: number;
  readonly steps: number;
  readonly eager: boolean;
}

export interface ProfileOutput {
  /** By kernel, and by dispatch. */
  readonly tables: readonly [string, string];
  readonly figures: ReturnType<Profile['toJSON']>;
  readonly trace: ChromeTrace;
}

export async function profileModel({ batchSize, steps, eager }: ProfileInput): Promise<ProfileOutput> {
  await init();
  const result = await profile(studyStep(batchSize, { eager }), { steps });
  return {
    tables: [result.table(), result.table({ by: 'dispatch' })],
    figures: result.toJSON(),
    trace: result.chromeTrace(),
  };
}

export const main = (_: unknown, input: unknown): Promise<ProfileOutput> => profileModel(input as ProfileInput);
