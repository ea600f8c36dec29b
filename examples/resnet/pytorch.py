#!/usr/bin/env python3
"""PyTorch's side of the example: the same network, trained by the same recipe.

    apt-get install -y python3-torch
    examples/resnet/pytorch.py --fixture       writes test/fixtures/resnet.safetensors, for test/gpu/resnet.test.ts
    examples/resnet/pytorch.py --train DIR     trains on a folder of CIFAR-10's .bin files and writes pytorch.json
"""
import argparse
import json
import math
import re
import struct
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).resolve().parent
FIXTURE = HERE.parent.parent / 'test/fixtures/resnet.safetensors'
RECIPE = {'epochs': 3, 'trainSize': 5000, 'testSize': 10000, 'batchSize': 50, 'maxLr': 0.1, 'weightDecay': 5e-4}
SEEDS = [0, 1, 2]


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)
            self.shortcut = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, stride=2, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(ResidualBlock(16, 16, 1), ResidualBlock(16, 32, 2), ResidualBlock(32, 64, 2))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.blocks(F.relu(self.bn(self.conv(x)))).mean((2, 3)))


def optimizer_of(model):
    return torch.optim.SGD(model.parameters(), RECIPE['maxLr'], 0.9, weight_decay=RECIPE['weightDecay'], nesterov=True)


def schedule_of(optimizer, steps):
    return torch.optim.lr_scheduler.OneCycleLR(optimizer, RECIPE['maxLr'], total_steps=steps)


# The fixture.

BATCH = 8
STEPS = 4


class Numbers:
    """Uniform numbers, each a function of its place alone ("lowbias32"), so that weights and pictures need no file."""

    def __init__(self):
        self.at = 0

    def __call__(self, shape, low, high):
        size = math.prod(shape)
        x = np.arange(self.at, self.at + size, dtype=np.uint32)
        self.at += size
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x7FEB352D)
        x ^= x >> np.uint32(15)
        x *= np.uint32(0x846CA68B)
        x ^= x >> np.uint32(16)
        values = low + (high - low) * (x.astype(np.float64) / 2**32)
        return torch.from_numpy(values.astype(np.float32)).reshape(shape)


def begin():
    """Network, pictures and labels of the fixture, as test/gpu/resnet.test.ts makes them too."""
    numbers = Numbers()
    model = ResNet()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.copy_(numbers(parameter.shape, *((-0.5, 0.5) if name.endswith('bias') else (0.5, 1.5))))
            else:
                bound = math.sqrt(6 / math.prod(parameter.shape[1:]))
                parameter.copy_(numbers(parameter.shape, -bound, bound))
    return model, numbers((BATCH, 3, 32, 32), -2, 2), torch.tensor([(7 * i + 3) % 10 for i in range(BATCH)])


def fixture():
    model, images, labels = begin()
    model.train()
    logits = model(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    tensors = {'logits': logits, 'loss': loss}
    tensors.update({f'gradient.{name}': parameter.grad for name, parameter in model.named_parameters()})
    tensors.update({f'buffer.{name}': b for name, b in model.named_buffers() if 'running' in name})
    model.eval()
    tensors['evaluated'] = model(images)

    model, images, labels = begin()
    optimizer = optimizer_of(model)
    schedule = schedule_of(optimizer, STEPS)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    tensors['losses'] = torch.tensor(losses)
    write(FIXTURE, tensors)


def write(path, tensors):
    """Writes safetensors here, so that the package need not be there."""
    header, bodies, at = {}, [], 0
    for name, tensor in tensors.items():
        body = tensor.detach().contiguous().numpy().astype('<f4').tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [at, at + len(body)]}
        bodies.append(body)
        at += len(body)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + b''.join(bodies))


# Training.


def load(folder, names, count):
    records = np.concatenate([np.fromfile(folder / name, np.uint8).reshape(-1, 3073) for name in names])[:count]
    images = torch.from_numpy(records[:, 1:].reshape(-1, 3, 32, 32).copy()).float() / 255
    return images, torch.from_numpy(records[:, 0].astype(np.int64))


def augmented(images):
    """A crop of each picture with 4 pixels of 0 around it, half of them mirrored."""
    n = len(images)
    moves = torch.randint(0, 9, (2, n, 1))
    rows, columns = moves + torch.arange(32)
    columns = torch.where(torch.rand(n, 1) < 0.5, columns.flip(1), columns)
    padded = F.pad(images, (4, 4, 4, 4))
    return padded[torch.arange(n)[:, None, None, None], torch.arange(3)[:, None, None], rows[:, None, :, None],
                  columns[:, None, None, :]]


def train(seed, train_set, test_set):
    torch.manual_seed(seed)
    model = ResNet()
    (images, labels), (test_images, test_labels) = train_set, test_set
    std, mean = torch.std_mean(images, (0, 2, 3), keepdim=True)
    batch, epochs = RECIPE['batchSize'], RECIPE['epochs']
    optimizer = optimizer_of(model)
    schedule = schedule_of(optimizer, epochs * math.ceil(len(images) / batch))
    run = {'seed': seed, 'losses': [], 'accuracies': []}
    for _ in range(epochs):
        model.train()
        losses = []
        for chosen in torch.randperm(len(images)).split(batch):
            optimizer.zero_grad()
            loss = F.cross_entropy(model((augmented(images[chosen]) - mean) / std), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        model.eval()
        with torch.no_grad():
            classes = torch.cat([model((part - mean) / std).argmax(1) for part in test_images.split(500)])
        run['losses'].append(round(sum(losses) / len(losses), 4))
        run['accuracies'].append((classes == test_labels).float().mean().item())
    run['accuracies'] = [round(one, 4) for one in run['accuracies']]
    return run


def main():
    parser = argparse.ArgumentParser(description='PyTorch beside the example resnet.')
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument('--fixture', action='store_true', help='write what the test holds kindling against')
    mode.add_argument('--train', metavar='DIR', type=Path, help="train on a folder of CIFAR-10's .bin files")
    parser.add_argument('--seeds', type=int, nargs='+', default=SEEDS)
    options = parser.parse_args()
    if options.fixture:
        fixture()
        return
    train_set = load(options.train, [f'data_batch_{i}.bin' for i in range(1, 6)], RECIPE['trainSize'])
    test_set = load(options.train, ['test_batch.bin'], RECIPE['testSize'])
    runs = []
    for seed in options.seeds:
        began = time.time()
        runs.append(train(seed, train_set, test_set))
        print(f'{runs[-1]} in {time.time() - began:.0f} s', flush=True)
    result = {'torch': re.match(r'[\d.]+\d', torch.__version__)[0], 'recipe': RECIPE, 'runs': runs}
    text = re.sub(r'\[([\s\d.,]+)\]', lambda numbers: f"[{' '.join(numbers[1].split())}]", json.dumps(result, indent=2))
    (HERE / 'pytorch.json').write_text(text + '\n')


if __name__ == '__main__':
    main()
