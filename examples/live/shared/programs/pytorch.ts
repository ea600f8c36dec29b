/** A run as a PyTorch program, on the pictures of the page. */
import type { Scenario } from '../../../cifar/scenarios.js';
import * as pieces from './pieces.js';
import { fileOf, linesOf, openingOf, scenarioOf, type Wanted } from './what.js';

export function pytorchProgram(wanted: Wanted): string {
  const scenario = scenarioOf(wanted);
  const { l1, loss, normalise, shuffle = true, optimizer: kind = 'adam' } = scenario;
  const { epochs, batchSize, trainSize, testSize } = wanted.plan;
  return linesOf(
    '"""',
    ...openingOf(wanted),
    '',
    `    python ${fileOf(wanted, 'py')} pictures.bin`,
    '',
    'pictures.bin comes from the page too: pictures in the binary form of CIFAR-10, those to train on before those to judge by.',
    "PyTorch draws other random numbers: the losses are not the page's, but as likely.",
    '"""',
    'import sys',
    '',
    'import torch',
    'from torch import nn',
    'from torch.nn import functional as F, init',
    `from torch.optim import ${kind === 'sgd' ? 'SGD' : 'Adam'}`,
    'from torch.optim.lr_scheduler import ExponentialLR',
    '',
    networkOf(scenario),
    '',
    '',
    'device = "cuda" if torch.cuda.is_available() else "cpu"',
    `torch.manual_seed(${wanted.run.seed})`,
    'with open(sys.argv[1], "rb") as file:',
    '    records = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8).reshape(-1, 3073).to(device)',
    `assert len(records) >= ${trainSize + testSize}, f"{sys.argv[1]} has {len(records)} pictures"`,
    'labels = records[:, 0].long()',
    'images = records[:, 1:].reshape(-1, 3, 32, 32).float() / 255',
    `train, test = slice(0, ${trainSize}), slice(${trainSize}, ${trainSize + testSize})`,
    normalise && 'mean = images[train].mean((0, 2, 3), keepdim=True)',
    normalise && 'std = images[train].std((0, 2, 3), unbiased=False, keepdim=True)',
    normalise && 'images = (images - mean) / std',
    '',
    'model = Net().to(device)',
    `optimizer = ${pieces.optimizer(scenario).pytorch}`,
    `scheduler = ${pieces.schedule(scenario).pytorch}`,
    '',
    `for epoch in range(${epochs}):`,
    '    model.train()',
    shuffle
      ? `    order = torch.randperm(${trainSize}, device=device)`
      : `    order = torch.arange(${trainSize}, device=device)`,
    `    for step, batch in enumerate(order.split(${batchSize})):`,
    '        optimizer.zero_grad()',
    '        log_probabilities = model(images[train][batch])',
    loss === 'mse'
      ? '        loss = F.mse_loss(log_probabilities.exp(), F.one_hot(labels[train][batch], 10).float())'
      : '        loss = F.nll_loss(log_probabilities, labels[train][batch])',
    l1
      ? `        (loss + ${l1.toExponential()} * sum(p.abs().sum() for p in model.parameters())).backward()`
      : '        loss.backward()',
    '        optimizer.step()',
    '        print(f"epoch {epoch + 1}, step {step + 1}: loss {loss.item():.4f}")',
    '    scheduler.step()',
    '    model.eval()',
    '    with torch.no_grad():',
    '        found = torch.cat([model(part).argmax(1) for part in images[test].split(250)])',
    '    print(f"epoch {epoch + 1}: accuracy {(found == labels[test]).float().mean().item():.4f}")',
    '',
  );
}

function networkOf({ activation = 'relu', kaiming, dropoutConv, dropoutDense }: Scenario): string {
  const activated = (inner: string): string => `torch.${activation}(${inner})`;
  const convolved = (layer: string, x: string): string => {
    const inner = activated(`self.${layer}(${x})`);
    return dropoutConv ? `self.dropout_conv(${inner})` : inner;
  };
  const dense = activated('self.fc1(y.flatten(1))');
  return linesOf(
    '',
    'class Net(nn.Module):',
    '    """3 convolutions, 2 dense layers, 122,570 parameters."""',
    '',
    '    def __init__(self):',
    '        super().__init__()',
    '        self.conv1 = nn.Conv2d(3, 32, 3)',
    '        self.conv2 = nn.Conv2d(32, 64, 3)',
    '        self.conv3 = nn.Conv2d(64, 64, 3)',
    '        self.fc1 = nn.Linear(1024, 64)',
    '        self.fc2 = nn.Linear(64, 10)',
    dropoutConv && `        self.dropout_conv = ${pieces.dropout(dropoutConv, true).pytorch}`,
    dropoutDense && `        self.dropout_dense = ${pieces.dropout(dropoutDense, false).pytorch}`,
    kaiming && '        for layer in [self.conv1, self.conv2, self.conv3, self.fc1, self.fc2]:',
    kaiming && `            ${pieces.initialisation.pytorch}`,
    '',
    '    def forward(self, x):',
    `        y = F.max_pool2d(${convolved('conv1', 'x')}, 2)`,
    `        y = F.max_pool2d(${convolved('conv2', 'y')}, 2)`,
    `        y = ${convolved('conv3', 'y')}`,
    `        y = ${dropoutDense ? `self.dropout_dense(${dense})` : dense}`,
    '        return F.log_softmax(self.fc2(y), 1)',
  );
}
