/** What `trainModel` tells, logged. */
import { refuse } from '../gpu/errors.js';
import { checked, type Known, text } from '../gpu/options.js';
import type { TrainEvent } from '../train/events.js';
import type { Health } from './health.js';
import { Logger } from './logger.js';

export interface LogToOptions {
  /** Steps from one that is logged to the next. Default: 1. */
  everySteps?: number | undefined;
  /** Samples of a step, for samples a second. Default: only steps a second. */
  batchSize?: number | undefined;
}

const LOG_TO: Known<LogToOptions> = { everySteps: 'size', batchSize: 'size' };

/**
 * Logs what `trainModel` tells: `train/loss`, `train/learning_rate`, `train/steps_per_second` and `train/samples_per_second` of steps,
 * `eval/NAME` of each score, `epoch/loss`, and of `healthEvery` `weight_norm/NAME`, `grad_norm/NAME`, `weight_max/NAME`,
 * `grad_max/NAME` of each parameter, `health/nonfinite`, how many elements are NaN or infinite in all, and the text `health/first`, where
 * they are; the text `device` where another had to be taken. What is logged is in its files before a checkpoint counts as written; a run that goes on,
 * from a checkpoint or on another device, logs the steps since then anew.
 *
 * @example
 * await trainModel(train, loader, { epochs: 3, model, optimizer, healthEvery: 100, on: logTo(logger, { batchSize: 64 }) });
 * await logger.close();
 */
export function logTo(logger: Logger, options: LogToOptions = {}): (event: TrainEvent) => Promise<void> {
  if (!(logger instanceof Logger)) refuse(`logTo: wants a Logger, got ${text(logger)}`);
  const { everySteps = 1, batchSize } = checked('logTo', options, LOG_TO);
  /** The last step that was logged, and when; what lies between steps beside training does not count. */
  let last: { readonly step: number; readonly at: number } | null = null;
  return async (event) => {
    const { step } = event;
    switch (event.type) {
      case 'resume':
        return logger.purge(step + 1);
      case 'step': {
        if (step % everySteps !== 0) return;
        logger.addScalar('train/loss', event.loss, step);
        if (event.learningRate !== null) logger.addScalar('train/learning_rate', event.learningRate, step);
        const at = performance.now();
        if (last && at > last.at) {
          const rate = (1000 * (step - last.step)) / (at - last.at);
          logger.addScalar('train/steps_per_second', rate, step);
          if (batchSize !== undefined) logger.addScalar('train/samples_per_second', batchSize * rate, step);
        }
        last = { step, at };
        return;
      }
      case 'health':
        return logHealth(logger, event.health, step);
      case 'evaluation':
        last = null;
        return logger.addScalars('eval', event.scores, step);
      case 'epoch':
        return logger.addScalar('epoch/loss', event.loss, step);
      case 'lost':
      case 'checkpoint':
        last = null;
        return logger.flush();
      case 'recovered':
        logger.purge(step + 1);
        return logger.addText('device', `lost; the run goes on from here on ${event.adapter}`, step);
      default:
        return event satisfies never;
    }
  };
}

function logHealth(logger: Logger, { parameters, first }: Health, step: number): void {
  let nonfinite = 0;
  for (const { name, weight, grad } of parameters) {
    for (const [kind, figures] of [['weight', weight] as const, ['grad', grad] as const]) {
      if (!figures) continue;
      logger.addScalar(`${kind}_norm/${name}`, figures.norm, step);
      logger.addScalar(`${kind}_max/${name}`, figures.max, step);
      nonfinite += figures.nan + figures.inf;
    }
  }
  logger.addScalar('health/nonfinite', nonfinite, step);
  if (first !== null) logger.addText('health/first', first, step);
}
