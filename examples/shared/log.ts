/** `--log DIR`: what a run says of itself, for TensorBoard and for programs that read text. */
import { join } from 'node:path';
import { csvSink, jsonlSink, Logger, type LogSink, tensorBoardSink } from 'kindling/log';

/** What `--log` does, for its line of help. */
export const LOG_HELP = "losses, rates, scores and numeric health, as TensorBoard's events, scalars.csv and log.jsonl";

/** Steps between two looks at weights and gradients. */
export const HEALTH_EVERY = 50;

/** Files in `folder`, which is made, or gone on with. */
export const sinksIn = (folder: string): LogSink[] => [
  tensorBoardSink(folder),
  csvSink(join(folder, 'scalars.csv')),
  jsonlSink(join(folder, 'log.jsonl')),
];

/** A logger into them. */
export const logInto = (folder: string): Logger => new Logger({ sinks: sinksIn(folder) });

/** Of settings what fits a table of runs. */
export const hparamsOf = (settings: object): Record<string, number | string | boolean> =>
  Object.fromEntries(
    Object.entries(settings).filter(([, value]) => ['number', 'string', 'boolean'].includes(typeof value)),
  );
