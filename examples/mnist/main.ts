/** `npm run example:mnist`: trains a small CNN on handwritten digits until 97 % of the test pictures are right. */
import { argmax, capture, init, manualSeed, noGrad, type Tensor } from 'kindling';
import { channelStats, DataLoader, Normalize } from 'kindling/data';
import { saveSafetensors } from 'kindling/io';
import { accuracy, classificationReport } from 'kindling/metrics';
import { CrossEntropyLoss } from 'kindling/nn';
import { Adam, lrScheduler } from 'kindling/optim';
import type { TrainEvent } from 'kindling/train';
import { parseRun } from '../shared/options.js';
import { percent, program, verdict } from '../shared/program.js';
import { trainInTerminal } from '../shared/terminal.js';
import { loadDigits } from './data.js';
import { network } from './network.js';
import { command, type Settings } from './options.js';

/** Test pictures at a time. */
const TEST_BATCH = 500;

async function main(argv: readonly string[]): Promise<number> {
  const run = await parseRun<Settings>(command(), argv);
  const { data, ...settings } = run.settings;
  const { epochs, batchSize, seed, target } = settings;
  const { train: digits, test, fingerprint } = await loadDigits(run.settings);
  const prefix = digits.synthetic ? 'synthetic · ' : '';
  const say = (line: string): void => console.log(`${prefix}${line}`);
  const adapter = await init();
  await run.create();
  say(`${adapter.host}, ${adapter.description}`);
  if (digits.synthetic) say('GENERATED DIGITS, not MNIST: --data FOLDER takes the real ones.');
  say(`${digits.length} training and ${test.length} test pictures, batches of ${batchSize}, epochs: ${epochs}`);

  manualSeed(seed);
  const model = network();
  const criterion = new CrossEntropyLoss();
  const optimizer = new Adam(model.parameters(), { lr: 2e-3 });
  const scheduler = new lrScheduler.ExponentialLR(optimizer, { gamma: 0.5 });
  const train = capture((images: Tensor, labels: Tensor) => {
    optimizer.zeroGrad();
    const loss = criterion(model(images), labels);
    loss.backward();
    optimizer.step();
    return loss;
  });
  const classify = capture((images: Tensor) => noGrad(() => argmax(model(images), { dim: 1 })));

  const { mean, std } = channelStats(digits);
  const transform = new Normalize(mean, std);
  const loader = new DataLoader(digits, { batchSize, shuffle: true, seed, transform });
  const testLoader = new DataLoader(test, { batchSize: TEST_BATCH, transform });
  async function predict(): Promise<number[]> {
    const classes: Promise<ArrayLike<number>>[] = [];
    for await (const [images] of testLoader) classes.push(classify(images).data());
    return (await Promise.all(classes)).flatMap((batch) => Array.from(batch));
  }

  let predicted: number[] = [];
  const shown = {
    label: 'mnist',
    run,
    batchSize,
    prefix,
    says(event: TrainEvent) {
      if (event.type !== 'evaluation' || event.epoch === epochs) return;
      return `epoch ${event.epoch}: test accuracy ${percent(event.scores.accuracy ?? 0)}`;
    },
  };
  const { finished, steps, losses, seconds } = await trainInTerminal(train, loader, shown, {
    epochs,
    model,
    optimizer,
    scheduler,
    async evaluate() {
      predicted = await predict();
      return { accuracy: accuracy(test.labels, predicted) };
    },
    settings: { ...settings, data: fingerprint },
  });
  if (!finished) return 130;

  const reached = accuracy(test.labels, predicted);
  const report = classificationReport([...test.labels], predicted, { classes: 10, targetNames: test.classes });
  await run.write('model.safetensors', await saveSafetensors(model.stateDict(), { data: digits.source }));
  const result = { data: digits.source, adapter: adapter.description, ...settings, accuracy: reached, seconds, losses };
  await run.write('result.json', `${JSON.stringify({ ...result, report: report.toJSON() }, null, 1)}\n`);
  await run.removeCheckpoint();
  say(`${steps} steps in ${seconds.toFixed(0)} s; ${run.folder}: result.json, model.safetensors`);
  return verdict({ what: 'test accuracy', reached, target, format: percent }, prefix);
}

await program(main);
