#!/usr/bin/env python3
"""The same model in PyTorch. Writes test/fixtures/gpt.json, which a test holds ours against: a tiny model's weights, its
logits and loss, and the gradients by every parameter.

    apt-get install -y python3-torch
    python3 examples/gpt/pytorch.py

With --train it trains as `npm run example:gpt` does by default, and says what validation loss that gives.
"""
import json
import math
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
RECIPE = {'batch': 16, 'context': 64, 'width': 64, 'heads': 4, 'layers': 2, 'lr': 4e-3}


class CausalSelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x):
        n, l, width = x.shape
        q, k, v = self.qkv(x).view(n, l, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        later = torch.ones(l, l, dtype=torch.bool).triu(1)
        y = scores.masked_fill(later, -math.inf).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = CausalSelfAttention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self, vocabulary, context, width, heads, layers):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        for name, parameter in self.named_parameters():
            if name.endswith(('proj.weight', 'down.weight')):
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * layers))
            elif 'norm' not in name:
                nn.init.normal_(parameter, std=0.02) if parameter.ndim > 1 else nn.init.zeros_(parameter)

    def forward(self, characters):
        x = self.tokens(characters) + self.positions.weight[:characters.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def loss(self, characters, following):
        return F.cross_entropy(self(characters).flatten(0, 1), following.flatten())


def values(tensor):
    return {'shape': list(tensor.shape), 'data': tensor.flatten().tolist()}


def write_fixture():
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    config = {'vocabulary': 11, 'context': 7, 'width': 8, 'heads': 2, 'layers': 2}
    model = Gpt(**config)
    # Larger than at the start of training, so that attention is far from even; exact in single precision.
    for parameter in model.parameters():
        parameter.data = (parameter.data + 0.3 * torch.randn(parameter.shape)).float().double()
    characters, following = torch.randint(11, (2, 3, 7))
    logits = model(characters)
    loss = F.cross_entropy(logits.flatten(0, 1), following.flatten())
    loss.backward()
    fixture = {
        'config': config,
        'state': {name: values(value) for name, value in model.state_dict().items()},
        'characters': characters.tolist(),
        'next': following.tolist(),
        'logits': values(logits.float()),
        'loss': loss.item(),
        'gradients': {name: values(parameter.grad.float()) for name, parameter in model.named_parameters()},
    }
    path = os.path.join(HERE, '..', '..', 'test', 'fixtures', 'gpt.json')
    with open(path, 'w') as file:
        json.dump(fixture, file, separators=(',', ':'))
        file.write('\n')


def train(steps, seed=0):
    batch, context, width, heads, layers, lr = RECIPE.values()
    torch.manual_seed(seed)
    with open(os.path.join(HERE, 'moby-dick.txt'), encoding='utf8') as file:
        content = file.read()
    kinds = sorted(set(content))
    place = {character: i for i, character in enumerate(kinds)}
    text = torch.tensor([place[character] for character in content])
    cut = len(text) - len(text) // 10
    training, validation = text[:cut], text[cut:]
    model = Gpt(len(kinds), context, width, heads, layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    warmup = math.ceil(steps / 20)
    schedule = torch.optim.lr_scheduler
    scheduler = schedule.SequentialLR(optimizer, [
        schedule.LinearLR(optimizer, 1 / warmup, total_iters=warmup),
        schedule.CosineAnnealingLR(optimizer, steps - warmup, lr / 10),
    ], [warmup])
    began = time.time()
    for step in range(steps):
        starts = torch.randint(len(training) - context, (batch, 1))
        windows = training[starts + torch.arange(context + 1)]
        optimizer.zero_grad()
        loss = model.loss(windows[:, :-1], windows[:, 1:])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        scheduler.step()
        if (step + 1) % 100 == 0:
            print(f'step {step + 1}: loss {loss.item():.3f}, {time.time() - began:.0f} s', flush=True)
    whole = (len(validation) - 1) // context * context
    with torch.no_grad():
        loss = model.loss(validation[:whole].view(-1, context), validation[1:whole + 1].view(-1, context))
    print(f'seed {seed}: validation loss {loss.item():.3f} nats per character after {steps} steps')


if __name__ == '__main__':
    if '--train' in sys.argv:
        arguments = sys.argv[sys.argv.index('--train') + 1:]
        train(*(int(argument) for argument in arguments or ['400']))
    else:
        write_fixture()
