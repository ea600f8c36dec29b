/** `npm run example:resnet`: trains a residual network on a part of CIFAR-10, and says whether it came as far as PyTorch's. */
import { cpus } from 'node:os';
import { Command } from 'commander';
import { argmax, capture, init, manualSeed, noGrad, type Tensor } from 'kindling';
import { DataLoader } from 'kindling/data';
import { saveSafetensors } from 'kindling/io';
import { accuracy } from 'kindling/metrics';
import { summary } from 'kindling/nn';
import { loadData, type StudyData } from '../cifar/data.js';
import { dataChoice } from '../cifar/options.js';
import { parseRun, type RunFolder, whole } from '../shared/options.js';
import { percent, program, verdict } from '../shared/program.js';
import { Progress } from '../shared/progress.js';
import { type Outcome, trainInTerminal } from '../shared/terminal.js';
import { ResNet } from './network.js';
import { optimizerOf, RECIPE, scheduleOf, transformsOf, updateOf } from './recipe.js';
import { isUsual, peerLine, peerLosses, range, targetFor } from './target.js';

interface Settings {
  data?: string;
  epochs: number;
  trainSize: number;
  testSize: number;
  batchSize: number;
  seed: number;
}

const EVAL_BATCH = 250;

const command = new Command('example:resnet')
  .description('Trains a small residual network with batch normalisation and augmentation on a part of CIFAR-10.')
  .option(
    '--data <path|cifar10|synthetic>',
    'an archive or folder of CIFAR-10 in its binary version; cifar10 downloads it (default: CIFAR-10 from the cache, else the synthetic stand-in)',
    dataChoice,
  )
  .option('--epochs <n>', 'passes over the training images', whole(1), RECIPE.epochs)
  .option('--train-size <n>', 'training images used, the first in file order', whole(2), RECIPE.trainSize)
  .option('--test-size <n>', 'test images used', whole(1), RECIPE.testSize)
  .option('--batch-size <n>', 'images per step', whole(2), RECIPE.batchSize)
  .option('--seed <n>', 'of initial weights, order and augmentation', whole(0), 0);

async function main(argv: readonly string[]): Promise<number> {
  const run = await parseRun<Settings>(command, argv);
  const { description, host, notes } = await init();
  console.log(`${host}, ${description}, ${cpus().length} cores`);
  for (const note of notes) console.log(note);
  const { data: choice, seed } = run.settings;
  const wanted = { ...run.settings, choice, download: choice === 'cifar10' && !run.resume, command: 'example:resnet' };
  const data = await loadData(wanted, console.log);
  const prefix = data.train.synthetic ? 'synthetic · ' : '';
  const say = (line: string): void => console.log(`${prefix}${line}`);
  await run.create({ data: data.location });

  manualSeed(seed);
  const model = new ResNet();
  const { totalParams, totalMultAdds } = summary(model, [1, 3, 32, 32]);
  say(`${totalParams.toLocaleString('en')} parameters, ${(totalMultAdds / 1e6).toFixed(1)} M multiply-adds an image`);
  const { finished, losses, history, seconds } = await train(model, data, run, prefix);
  if (!finished) return 130;
  const epochLosses = history.map(({ loss }) => loss);
  const usual = isUsual(run.settings);
  for (const [epoch, loss] of epochLosses.entries()) {
    const theirs = usual && !data.train.synthetic ? `; PyTorch's ${range(peerLosses(epoch), 3)}` : '';
    say(`epoch ${epoch + 1}: mean training loss ${loss.toFixed(3)}${theirs}`);
  }

  const began = performance.now();
  const reached = accuracy(data.test.labels, await classesOf(model, data, prefix));
  const testSeconds = (performance.now() - began) / 1000;
  say(
    `${losses.length} steps in ${seconds.toFixed(0)} s, ${data.test.length} test images in ${testSeconds.toFixed(0)} s`,
  );
  const figures = { accuracy: reached, epochLosses, losses, seconds, testSeconds, adapter: description };
  const result = { ...run.settings, data: data.path, ...figures };
  await run.write('weights.safetensors', await saveSafetensors(model.stateDict(), { data: data.train.source }));
  await run.write('result.json', `${JSON.stringify(result, null, 1)}\n`);
  await run.removeCheckpoint();
  say(`${run.folder}: result.json, weights.safetensors`);
  if (!usual) {
    say(`test accuracy ${percent(reached)}; no target at this budget, which is not the usual one`);
    return 0;
  }
  if (!data.train.synthetic) say(peerLine());
  return verdict({ what: 'test accuracy', reached, target: targetFor(data.train), format: percent }, prefix);
}

function train(model: ResNet, data: StudyData, run: RunFolder<Settings>, prefix: string): Promise<Outcome> {
  const { epochs, batchSize, seed } = run.settings;
  const transform = transformsOf(data.train).training;
  const loader = new DataLoader(data.train, { batchSize, shuffle: true, seed, transform });
  const optimizer = optimizerOf(model);
  const scheduler = scheduleOf(optimizer, epochs * loader.length);
  return trainInTerminal(
    capture(updateOf(model, optimizer)),
    loader,
    { label: 'resnet', run, batchSize, prefix },
    {
      epochs,
      model,
      optimizer,
      scheduler,
      scheduleEvery: 'step',
      settings: { ...run.settings, data: data.fingerprint },
    },
  );
}

/** The class of each test image, in evaluation: normalised by running statistics, nothing drawn. */
async function classesOf(model: ResNet, { train, test }: StudyData, prefix: string): Promise<number[]> {
  model.eval();
  const classify = capture((batch: Tensor) => noGrad(() => argmax(model(batch), { dim: 1 })));
  const classes: number[] = [];
  const transform = transformsOf(train).testing;
  const loader = new DataLoader(test, { batchSize: EVAL_BATCH, transform });
  const progress = new Progress({ stream: process.stdout, total: loader.length, label: 'testing', prefix });
  let batches = 0;
  for await (const [batch] of loader) {
    classes.push(...(await classify(batch).data()));
    progress.step(++batches, `${classes.length} of ${test.length} images`);
  }
  progress.stop();
  return classes;
}

program(main);
