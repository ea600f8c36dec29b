"""The workloads of bench/peers/workloads.ts in PyTorch: same names, shapes and float64 comparison."""

import math

import torch
from torch import nn
from torch.nn import functional as F

CONVOLUTIONS = {
    "": (64, 32, 15, 64, 3, 1),
    ".rgb": (16, 3, 32, 32, 3, 1),
    ".1x1": (128, 64, 8, 128, 1, 1),
    ".stride2": (8, 48, 14, 96, 5, 2),
}
BATCHES = 3
LR = 1e-3


class Workload:
    """`run(device, dtype)` returns a function that does the work once and returns its result."""

    def __init__(self, name, shape, flops, make):
        self.name, self.shape, self.flops, self.make = name, shape, flops, make


def uniform(*shape, seed):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def conv_workloads(suffix, batch, inputs, size, outputs, kernel, stride):
    out = (size - kernel) // stride + 1
    shape = f"[{batch},{inputs},{size},{size}]×[{outputs},{inputs},{kernel},{kernel}]"
    if stride > 1:
        shape += f" stride {stride}"
    flops = 2 * batch * outputs * out**2 * inputs * kernel**2

    def operands(device, dtype):
        sizes = [(batch, inputs, size, size), (outputs, inputs, kernel, kernel), (batch, outputs, out, out)]
        return [uniform(*s, seed=i).to(device, dtype) for i, s in enumerate(sizes)]

    def forward(device, dtype):
        x, w, _ = operands(device, dtype)
        return lambda: F.conv2d(x, w, stride=stride)

    def gradient(index):
        mask = [index == 0, index == 1, False]

        def make(device, dtype):
            x, w, g = operands(device, dtype)
            backward = torch.ops.aten.convolution_backward
            return lambda: backward(g, x, w, None, [stride] * 2, [0, 0], [1, 1], False, [0, 0], 1, mask)[index]

        return make

    parts = [("conv2dForward", forward), ("conv2dInputGrad", gradient(0)), ("conv2dWeightGrad", gradient(1))]
    return [Workload(name + suffix, shape, flops, make) for name, make in parts]


def matmul(n):
    def make(device, dtype):
        a, b = (uniform(n, n, seed=seed).to(device, dtype) for seed in (1, 2))
        return lambda: a @ b

    return Workload(f"matmul{n}", f"[{n},{n}]×[{n},{n}]", 2 * n**3, make)


def elementwise(name, function, operands, size, shape):
    def make(device, dtype):
        values = [uniform(*size, seed=seed).to(device, dtype) for seed in range(operands)]
        return lambda: function(*values)

    return Workload(name, shape, 0, make)


def adam():
    def make(device, dtype):
        p = nn.Parameter(uniform(2**20, seed=1).to(device, dtype))
        p.grad = uniform(2**20, seed=2).to(device, dtype)
        optimizer = torch.optim.Adam([p], lr=LR)

        def run():
            optimizer.step()
            return p.detach()

        return run

    return Workload("adam", "[2^20]", 0, make)


def kernels():
    result = [matmul(512), matmul(1024)]
    for suffix, shape in CONVOLUTIONS.items():
        result += conv_workloads(suffix, *shape)
    result += [
        elementwise("relu", torch.relu, 1, (2**22,), "[2^22]"),
        elementwise("add", torch.add, 2, (2**22,), "[2^22]"),
        elementwise("sum", torch.sum, 1, (2**22,), "[2^22]"),
        elementwise("logSoftmax", lambda x: F.log_softmax(x, 1), 1, (4096, 1000), "[4096,1000]"),
        adam(),
    ]
    return result


class Net(nn.Module):
    """The study's network."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(3, 32, 3), nn.Conv2d(32, 64, 3), nn.Conv2d(64, 64, 3)
        self.fc1, self.fc2 = nn.Linear(1024, 64), nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.conv3(x)).flatten(1)
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), 1)


def training(path):
    """Weights, images and labels: of `path` (bench/peers/training.ts writes it), else seeded."""
    torch.manual_seed(0)
    net = Net()
    if path is None:
        images = torch.rand(640, 3, 32, 32)
        return net.state_dict(), images, torch.randint(10, (640,))
    values = torch.frombuffer(bytearray(open(path, "rb").read()), dtype=torch.float32)
    state, at = {}, 0
    for name, parameter in net.state_dict().items():
        state[name] = values[at : at + parameter.numel()].view(parameter.shape)
        at += parameter.numel()
    count = (len(values) - at) // 3073
    labels = values[at : at + count].long()
    return state, values[at + count :].view(count, 3, 32, 32), labels


def step_flops(batch):
    layers = [(27, 32, 900), (288, 64, 169), (576, 64, 16), (1024, 64, 1), (64, 10, 1)]
    forward = [2 * math.prod(layer) for layer in layers]
    return batch * (3 * sum(forward) - forward[0])


class Training:
    """W: `step()` does one training step and returns its loss; the batches lie on the device."""

    def __init__(self, batch, data, device, dtype, **adam_options):
        state, images, labels = data
        self.net = Net().to(device, dtype)
        self.net.load_state_dict(state)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=LR, **adam_options)
        places = [(torch.arange(batch) + t * batch) % len(labels) for t in range(BATCHES)]
        self.batches = [(images[i].to(device, dtype), labels[i].to(device)) for i in places]
        self.count = 0

    def on(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.nll_loss(self.net(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def restart(self, state):
        """Weights and optimizer as at the start, in place, for a graph holds their memory."""
        self.net.load_state_dict(state)
        for one in self.optimizer.state.values():
            for value in one.values():
                value.zero_()

    def step(self):
        self.count += 1
        return self.on(*self.batches[(self.count - 1) % BATCHES])


def max_rel_error(got, want):
    got, want = got.double().cpu(), want.double().cpu()
    scale = want.abs().clamp(min=float(want.square().mean().sqrt()) or 1.0)
    return float(((got - want).abs() / scale).max())
