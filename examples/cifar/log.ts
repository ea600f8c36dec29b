/** What a run logs. Apart from training, so that a page whose runs are not logged need not load it. */
import { Logger, type LogRecord, logTo } from 'kindling/log';
import type { RunLog } from './train.js';

/** A log of one run, whose records go to `onLog`, each awaited before the next. */
export function runLog(onLog: (record: LogRecord) => unknown, batchSize: number): RunLog {
  const logger = new Logger({ sinks: [onLog] });
  return {
    on: logTo(logger, { batchSize }),
    addHparams: (settings, scores) => logger.addHparams(settings, scores),
    close: () => logger.close(),
  };
}
