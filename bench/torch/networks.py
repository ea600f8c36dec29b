"""Training steps of the examples' networks, each as its pytorch.py has it, from what bench/peers/starts.ts starts from.

    networks.py START.safetensors ...       prints the losses of the first steps in float64, as JSON by network
"""

import importlib.util
import json
import struct
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DTYPES = {"F32": torch.float32, "I32": torch.int32, "I64": torch.int64}


def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / name / "pytorch.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path):
    """The tensors of a safetensors file, by name."""
    data = bytearray(Path(path).read_bytes())
    (length,) = struct.unpack("<Q", data[:8])
    tensors = {}
    for name, one in json.loads(data[8 : 8 + length]).items():
        begin, end = (8 + length + at for at in one["data_offsets"])
        tensors[name] = torch.frombuffer(data[begin:end], dtype=DTYPES[one["dtype"]]).view(one["shape"])
    return tensors


class Training:
    """`step()` does one training step and returns its loss."""

    def __init__(self, path, dtype, device="cpu"):
        self.network = Path(path).stem
        tensors = read(path)
        state = {name: one for name, one in tensors.items() if not name.startswith("batch.")}
        module = example(self.network)
        if self.network == "resnet":
            self.model = module.ResNet()
        else:
            recipe = module.RECIPE
            sizes = (recipe[name] for name in ("context", "width", "heads", "layers"))
            self.model = module.Gpt(len(state["tokens.weight"]), *sizes)
        missing, unknown = self.model.load_state_dict(state, strict=False)
        assert not unknown and all("running" in name or "num_batches" in name for name in missing), (missing, unknown)
        self.model.to(device, dtype).train()
        if self.network == "resnet":
            self.optimizer = module.optimizer_of(self.model)
        else:
            self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=module.RECIPE["lr"])
        count = sum(name.endswith(".x") for name in tensors)
        pairs = [(tensors[f"batch.{t}.x"], tensors[f"batch.{t}.y"]) for t in range(count)]
        self.batches = [(x.to(device, dtype if x.is_floating_point() else torch.int64), y.to(device)) for x, y in pairs]
        self.count = 0

    def step(self):
        x, y = self.batches[self.count % len(self.batches)]
        self.count += 1
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.model(x), y) if self.network == "resnet" else self.model.loss(x, y)
        loss.backward()
        if self.network == "gpt":
            nn.utils.clip_grad_norm_(self.model.parameters(), 1)
        self.optimizer.step()
        return loss.detach()


def exact_losses(path, steps):
    train = Training(path, torch.float64)
    return torch.stack([train.step() for _ in range(steps)])


if __name__ == "__main__":
    print(json.dumps({Path(path).stem: exact_losses(path, 6).tolist() for path in sys.argv[1:]}))
