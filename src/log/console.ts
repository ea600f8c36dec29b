/** Scalars for somebody who looks on. */
import { checked, type Known } from '../gpu/options.js';
import type { LogSink } from './records.js';

export interface ConsoleOptions {
  /** Steps from one that is shown to the next, from 0. Default: 1. */
  every?: number | undefined;
  /** Takes a line. Default: `console.log`. */
  print?: ((line: string) => unknown) | undefined;
}

const CONSOLE: Known<ConsoleOptions> = { every: 'size', print: 'function' };

/** Prints scalars, those of a step in one line: `step 30  train/loss 0.4213  train/learning_rate 0.001`; and text. */
export function consoleSink(options: ConsoleOptions = {}): LogSink {
  const { every = 1, print = console.log } = checked('consoleSink', options, CONSOLE);
  let line = { step: 0, scalars: [] as string[] };
  function show(): void {
    if (line.scalars.length > 0) print([`step ${line.step}`, ...line.scalars].join('  '));
    line = { step: 0, scalars: [] };
  }
  return {
    write(record) {
      if (record.type === 'purge' || record.type === 'hparams' || record.step % every !== 0) return;
      if (line.step !== record.step) show();
      line.step = record.step;
      if (record.type === 'scalar') line.scalars.push(`${record.tag} ${Number(record.value.toPrecision(4))}`);
      if (record.type === 'text') {
        show();
        print(`step ${record.step}  ${record.tag}: ${record.text}`);
      }
    },
    flush: show,
  };
}
