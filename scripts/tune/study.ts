/** Tunes the study's training step, in Node or in a page. */
import { capture, init, randint, randn, type Tensor } from 'kindling';
import * as F from 'kindling/nn/functional';
import { Adam } from 'kindling/optim';
import { clearTuning, setTuning, type Tuned, type Tuning, tune, tuning, tuningPlace, useTuning } from 'kindling/tune';
import { useWinograd } from 'kindling/winograd';
import { Net } from '../../examples/cifar/network.js';

export interface TuneRequest {
  readonly batchSize: number;
  readonly mode: 'tune' | 'show' | 'clear';
}

export interface TuneReport {
  readonly host: string;
  readonly adapter: string;
  readonly lines: readonly string[];
  readonly choices: Tuning;
}

const ROUNDS = 3;
const STEPS = 5;

export async function tuneStudy({ batchSize, mode }: TuneRequest, say: (line: string) => void): Promise<TuneReport> {
  await useTuning();
  useWinograd(); // As the study does.
  const { host, description, notes } = await init();
  const report = (lines: readonly string[]): TuneReport => ({
    host,
    adapter: description,
    lines: [...notes, ...lines],
    choices: tuning(),
  });
  if (mode === 'clear') {
    await clearTuning();
    return report([`${tuningPlace()}: cleared`]);
  }
  if (mode === 'show') {
    const choices = Object.entries(tuning()).map(([key, choice]) => `${key}\n  ${JSON.stringify(choice)}`);
    return report([...choices, `${choices.length} choices in ${tuningPlace()}`]);
  }
  const model = new Net({ name: 'tune', lr: 1e-3 });
  const optimizer = new Adam(model.parameters(), { lr: 1e-3 });
  const [x, y] = [randn([batchSize, 3, 32, 32]), randint(0, 10, [batchSize])];
  const train = capture((images: Tensor, labels: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = F.nllLoss(model(images), labels);
    loss.backward();
    optimizer.step();
    return loss;
  });
  /** The fastest of several steps by default and with the choices, in milliseconds, by turns. */
  const compare = async (): Promise<readonly [number, number]> => {
    const fastest = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY] as [number, number];
    for (let round = 0; round < ROUNDS; round++) {
      for (const which of [0, 1] as const) {
        setTuning(which === 0 ? 'default' : 'stored');
        for (let i = 0; i < STEPS; i++) {
          const began = performance.now();
          await train(x, y).item();
          // The first call records.
          if (i > 0) fastest[which] = Math.min(fastest[which], performance.now() - began);
        }
      }
    }
    return fastest;
  };
  for (let i = 0; i < 2; i++) await train(x, y).item();
  const began = performance.now();
  const found = await tune(train, {
    again: true,
    onProgress: ({ done, total, family, candidate, ms }) => {
      const time = ms === null ? 'as another, or refused' : `${ms.toFixed(2)} ms`;
      say(`${done} of ${total}: ${family} ${JSON.stringify(candidate)}: ${time}`);
    },
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  const [before, after] = await compare();
  const won = found.filter(({ choice }) => choice !== null).length;
  return report([
    ...found.sort((a, b) => saved(b) - saved(a)).map(row),
    `${won} of ${found.length} kernels changed in ${seconds} s.`,
    `A step of ${batchSize} images: ${before.toFixed(1)} ms by default, ${after.toFixed(1)} ms with the choices.`,
    `Stored in ${tuningPlace()}`,
  ]);
}

const saved = ({ defaultMs, ms, uses }: Tuned): number => (defaultMs - ms) * uses;

function row({ key, choice, defaultMs, ms, uses }: Tuned): string {
  const times = uses > 1 ? ` × ${uses}` : '';
  const result = choice
    ? `${defaultMs.toFixed(2)} → ${ms.toFixed(2)} ms${times}: ${JSON.stringify(choice)}`
    : `${ms.toFixed(2)} ms${times}: the default`;
  return `${key}\n  ${result}`;
}
