/** `npm run example:gpt`: trains a small transformer on a text, character by character, and lets it write. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { capture, init, manualSeed, noGrad, type Tensor, tensor } from 'kindling';
import { saveSafetensors } from 'kindling/io';
import { lrScheduler } from 'kindling/optim';
import type { TrainEvent } from 'kindling/train';
import { parseRun } from '../shared/options.js';
import { program, verdict } from '../shared/program.js';
import { trainInTerminal } from '../shared/terminal.js';
import { Gpt } from './model.js';
import { command, type Settings } from './options.js';
import { optimizerOf, updateOf } from './recipe.js';
import { drawn, inOrder, readText, uniform, unigramEntropy, type Windows } from './text.js';
import { write } from './write.js';

const SHIPPED = fileURLToPath(new URL('moby-dick.txt', import.meta.url));
/** Steps between validations, and characters that these judge at a time. */
const EVERY = 100;
const JUDGED = 4096;

async function main(argv: readonly string[]): Promise<number> {
  const run = await parseRun<Settings>(command(), argv);
  const { text: file, sample, temperature, target, ...settings } = run.settings;
  const { steps, batchSize, context, width, heads, layers, lr, seed } = settings;
  if (file !== undefined && !statSync(file, { throwIfNoEntry: false })?.isFile()) {
    throw new Error(`--text ${file}: there is no such file`);
  }
  const content = await readFile(file ?? SHIPPED, 'utf8');
  const text = readText(content, context);
  const vocabulary = text.characters.length;
  const adapter = await init();
  manualSeed(seed);
  const model = new Gpt({ vocabulary, context, width, heads, layers });
  await run.create();
  const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
  console.log(`${adapter.host}, ${adapter.description}`);
  console.log(
    `${text.train.length} characters to train on, ${text.validation.length} to validate, ${vocabulary} kinds; ` +
      `${parameters} parameters, ${steps} steps of ${batchSize} × ${context} characters`,
  );

  const optimizer = optimizerOf(model, lr);
  const warmup = Math.ceil(steps / 20);
  const schedulers = [
    new lrScheduler.LinearLR(optimizer, { startFactor: 1 / warmup, totalIters: warmup }),
    new lrScheduler.CosineAnnealingLR(optimizer, { tMax: Math.max(1, steps - warmup), etaMin: lr / 10 }),
  ];
  const scheduler = new lrScheduler.SequentialLR(optimizer, { schedulers, milestones: [warmup] });
  const train = capture(updateOf(model, optimizer));
  const judge = capture((characters: Tensor, next: Tensor) => noGrad(() => model.loss(characters, next)));

  /** Windows as tensors, which are freed when the next are asked for. */
  function* tensorsOf(all: Iterable<Windows>): Generator<[characters: Tensor, next: Tensor]> {
    for (const { count, characters, next } of all) {
      using x = tensor(characters, { shape: [count, context] });
      using y = tensor(next, { shape: [count, context] });
      yield [x, y];
    }
  }
  let first = 0;
  const loader = {
    length: steps,
    setEpoch(_: number, step: number) {
      first = step;
    },
    [Symbol.iterator]: () => tensorsOf(drawn(text.train, settings, first, steps)),
  };
  /** Mean loss over the validation text. */
  async function validate(): Promise<number> {
    let [sum, count] = [0, 0];
    for (const windows of tensorsOf(inOrder(text.validation, Math.ceil(JUDGED / context), context))) {
      using loss = judge(...windows);
      const [inBatch = 0] = windows[0].shape;
      sum += inBatch * (await loss.item());
      count += inBatch;
    }
    return sum / count;
  }

  const unigram = unigramEntropy(text, context);
  let validation = Number.NaN;
  const shown = {
    label: 'gpt',
    run,
    batchSize,
    says(event: TrainEvent) {
      if (event.type !== 'evaluation' || event.step === steps) return;
      return `after ${event.step} steps: validation loss ${validation.toFixed(3)}, unigram ${unigram.toFixed(3)}`;
    },
  };
  const { finished, losses, seconds } = await trainInTerminal(train, loader, shown, {
    epochs: 1,
    model,
    optimizer,
    scheduler,
    scheduleEvery: 'step',
    async evaluate() {
      validation = await validate();
      return { validation };
    },
    evaluateEvery: { steps: EVERY },
    settings: { ...settings, text: createHash('sha256').update(content).digest('hex') },
  });
  if (!finished) return 130;

  const start = text.validation.subarray(0, context);
  const spelt = (numbers: Iterable<number>): string => Array.from(numbers, (c) => text.characters[c] ?? '').join('');
  const written = spelt(await write(model, start, sample, temperature, uniform(seed, steps)));
  if (sample > 0) console.log(`\n${spelt(start)}▸${written}\n`);
  const metadata = { characters: JSON.stringify(text.characters) };
  await run.write('model.safetensors', await saveSafetensors(model.stateDict(), metadata));
  const result = {
    adapter: adapter.description,
    ...settings,
    parameters,
    validation,
    unigram,
    seconds,
    losses,
    written,
  };
  await run.write('result.json', `${JSON.stringify(result, null, 1)}\n`);
  await run.removeCheckpoint();
  console.log(`${steps} steps in ${seconds.toFixed(0)} s; ${run.folder}: result.json, model.safetensors`);
  console.log(`validation loss ${validation.toFixed(3)} nats per character, unigram ${unigram.toFixed(3)}`);
  return verdict({ what: 'nats per character below unigram', reached: unigram - validation, target });
}

await program(main);
