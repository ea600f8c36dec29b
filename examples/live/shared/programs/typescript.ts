/** A run as a program against kindling: that of `examples/cifar`, with this scenario's tricks written out. */
import type { Scenario } from '../../../cifar/scenarios.js';
import { CLASSES } from '../cifar10.js';
import * as pieces from './pieces.js';
import { fileOf, linesOf, openingOf, scenarioOf, type Wanted } from './what.js';

export function typescriptProgram(wanted: Wanted): string {
  const scenario = scenarioOf(wanted);
  const { l1, loss, normalise, shuffle = true, optimizer: kind = 'adam', kaiming } = scenario;
  const { plan, run } = wanted;
  const { epochs, batchSize, trainSize, testSize } = plan;
  const isReal = plan.data === 'cifar10';
  const layers = ['Conv2d', scenario.dropoutDense && 'Dropout', scenario.dropoutConv && 'Dropout2d', kaiming && 'init'];
  const names = [...layers, 'Linear', 'Module'].filter(Boolean).join(', ');
  const optimizers = [kind === 'sgd' ? 'SGD' : 'Adam', 'ExponentialLR', l1 && 'l1Penalty'].filter(Boolean).join(', ');
  const transform = normalise ? ', transform' : '';
  return linesOf(
    '/**',
    ...openingOf(wanted).map((line) => ` * ${line}`.trimEnd()),
    ' *',
    ` *     npm install kindling webgpu tsx && npx tsx ${fileOf(wanted, 'mts')}`,
    ' *',
    ' * On the GPU of the page it gives the losses of the page, to the bit.',
    ' */',
    isReal && "import { readFileSync } from 'node:fs';",
    "import { argmax, capture, init as openDevice, manualSeed, noGrad, type Tensor } from 'kindling';",
    `import { ${normalise ? 'channelStats, ' : ''}DataLoader, ${[isReal && 'ImageDataset', normalise && 'Normalize', !isReal && 'synthetic'].filter(Boolean).join(', ')} } from 'kindling/data';`,
    "import { accuracy } from 'kindling/metrics';",
    `import { ${names} } from 'kindling/nn';`,
    "import * as F from 'kindling/nn/functional';",
    `import { ${optimizers} } from 'kindling/optim';`,
    "import { trainModel } from 'kindling/train';",
    '',
    networkOf(scenario),
    '',
    ...(isReal ? realPictures(trainSize, testSize) : drawnPictures(trainSize, testSize)),
    normalise && 'const { mean, std } = channelStats(train);',
    normalise && 'const transform = new Normalize(mean, std);',
    `const loader = new DataLoader(train, { batchSize: ${batchSize}, shuffle: ${shuffle}, seed: ${run.seed}${transform} });`,
    '',
    'await openDevice();',
    `manualSeed(${run.seed});`,
    'const model = new Net();',
    `const optimizer = ${pieces.optimizer(scenario).kindling};`,
    `const scheduler = ${pieces.schedule(scenario).kindling};`,
    '',
    'const step = capture((images: Tensor, labels: Tensor) => {',
    '  optimizer.zeroGrad();',
    '  const logProbabilities = model(images);',
    loss === 'mse'
      ? "  const loss = F.mseLoss(logProbabilities.exp(), F.oneHot(labels, 10).to('f32'));"
      : '  const loss = F.nllLoss(logProbabilities, labels);',
    l1 ? `  loss.add(l1Penalty(model.parameters()).mul(${l1.toExponential()})).backward();` : '  loss.backward();',
    '  optimizer.step();',
    '  return loss;',
    '});',
    'const classify = capture((images: Tensor) => noGrad(() => argmax(model(images), { dim: 1 })));',
    '',
    'await trainModel(step, loader, {',
    `  epochs: ${epochs},`,
    '  model,',
    '  optimizer,',
    '  scheduler,',
    '  async evaluate() {',
    '    const found: number[] = [];',
    `    for await (const [images] of new DataLoader(test, { batchSize: 250${transform} })) {`,
    '      found.push(...(await classify(images).data()));',
    '    }',
    '    return { accuracy: accuracy(test.labels, found) };',
    '  },',
    '  on(event) {',
    "    if (event.type === 'step') console.log('step', event.step, 'loss', event.loss);",
    "    if (event.type === 'epoch') console.log('epoch', event.epoch, event.scores);",
    '  },',
    '});',
    '',
  );
}

const drawnPictures = (trainSize: number, testSize: number): string[] => [
  '// Generated pictures, a stand-in for CIFAR-10. The real ones: await CIFAR10.load({ split, download: true }) of kindling/data.',
  `const train = synthetic({ split: 'train', count: ${trainSize} });`,
  `const test = synthetic({ split: 'test', count: ${testSize} });`,
];

const realPictures = (trainSize: number, testSize: number): string[] => [
  '// Those of the page, which hands them out in the binary form of CIFAR-10: a byte for the label, then planes red, green, blue.',
  "const records = readFileSync('pictures.bin');",
  'function pictures(first: number, count: number): ImageDataset {',
  '  const [images, labels] = [new Uint8Array(3072 * count), new Uint8Array(count)];',
  '  for (let i = 0; i < count; i++) {',
  '    const at = 3073 * (first + i);',
  '    labels[i] = records[at] ?? 0;',
  '    images.set(records.subarray(at + 1, at + 3073), 3072 * i);',
  '  }',
  `  return new ImageDataset(images, labels, [${CLASSES.map((name) => `'${name}'`).join(', ')}], 'pictures.bin');`,
  '}',
  `const train = pictures(0, ${trainSize});`,
  `const test = pictures(${trainSize}, ${testSize});`,
];

function networkOf({ activation = 'relu', kaiming, dropoutConv, dropoutDense }: Scenario): string {
  const maps = (inner: string): string => (dropoutConv ? `this.dropoutConv(${inner})` : inner);
  const dense = (inner: string): string => (dropoutDense ? `this.dropoutDense(${inner})` : inner);
  const convolved = (layer: string, x: string): string => maps(`F.${activation}(this.${layer}(${x}))`);
  return linesOf(
    '/** 3 convolutions, 2 dense layers, 122,570 parameters. */',
    'class Net extends Module {',
    '  conv1 = new Conv2d(3, 32, 3);',
    '  conv2 = new Conv2d(32, 64, 3);',
    '  conv3 = new Conv2d(64, 64, 3);',
    '  fc1: Linear;',
    '  fc2 = new Linear(64, 10);',
    dropoutConv && `  dropoutConv = ${pieces.dropout(dropoutConv, true).kindling};`,
    dropoutDense && `  dropoutDense = ${pieces.dropout(dropoutDense, false).kindling};`,
    '',
    '  // In this order the weights of the page are drawn.',
    '  constructor() {',
    '    super();',
    '    this.fc1 = new Linear(1024, 64);',
    kaiming && '    for (const layer of [this.conv1, this.conv2, this.conv3, this.fc1, this.fc2]) {',
    kaiming && `      ${pieces.initialisation.kindling};`,
    kaiming && '    }',
    '  }',
    '',
    '  /** [N, 3, 32, 32] to log-probabilities [N, 10]. */',
    '  override forward(x: Tensor): Tensor {',
    `    let y = F.maxPool2d(${convolved('conv1', 'x')}, { kernelSize: 2 });`,
    `    y = F.maxPool2d(${convolved('conv2', 'y')}, { kernelSize: 2 });`,
    `    y = ${convolved('conv3', 'y')};`,
    `    y = ${dense(`F.${activation}(this.fc1(y.flatten(1)))`)};`,
    '    return F.logSoftmax(this.fc2(y), { dim: 1 });',
    '  }',
    '}',
  );
}
