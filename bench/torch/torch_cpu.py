"""PyTorch on the CPU, two threads: W and the kernels of `npm run bench:peers`, as JSON on standard output."""

import argparse
import datetime
import json
import statistics
import time
from pathlib import Path

import torch

import networks
from workloads import Training, kernels, max_rel_error, step_flops, training

MOST_RUNS, SECONDS = 24, 2.0


def measure(work):
    """Milliseconds of each run, after two that are not counted; `work` ends with its result on the host."""
    for _ in range(2):
        work()
    times, began = [], time.perf_counter()
    while len(times) < 3 or (len(times) < MOST_RUNS and time.perf_counter() - began < SECONDS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return times


def row(workload, shape, flops, times, error):
    median = statistics.median(times)
    gflops = flops / median / 1e6 if flops else None
    return dict(
        workload=workload, library="pytorch", shape=shape, medianMs=median, minMs=min(times), runs=len(times),
        gflops=gflops, maxRelError=error,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", help="weights and pictures as bench:peers writes them")
    parser.add_argument("--starts", help="a folder of what bench/peers/starts.ts starts from: resnet and gpt.safetensors")
    parser.add_argument("--only", help="names, separated by commas")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    only = options.only.split(",") if options.only else None
    wanted = lambda name: only is None or name in only
    torch.set_num_threads(options.threads)
    rows = []
    data = training(options.training)
    for batch in (64, 16, 256):
        name = "step" if batch == 64 else f"step.batch{batch}"
        if not wanted(name):
            continue
        exact = Training(batch, data, "cpu", torch.float64)
        want = torch.stack([exact.step() for _ in range(3)])
        train = Training(batch, data, "cpu", torch.float32)
        start = time.perf_counter()
        losses = [train.step()]
        losses[0].item()
        first = 1000 * (time.perf_counter() - start)
        losses = torch.stack(losses + [train.step() for _ in range(2)])
        error = max_rel_error(losses, want)
        rows.append(row(name, f"batch {batch}", step_flops(batch), measure(lambda: train.step().item()), error))
        if batch == 64:
            rows.append(row("firstStep", f"batch {batch}", 0, [first], error))
    for path in sorted(Path(options.starts).glob("*.safetensors")) if options.starts else []:
        name = f"{path.stem}Step"
        if not wanted(name):
            continue
        train = networks.Training(path, torch.float32)
        shape = f"batch {len(train.batches[0][0])}"
        start = time.perf_counter()
        losses = [train.step()]
        losses[0].item()
        first = 1000 * (time.perf_counter() - start)
        losses = torch.stack(losses + [train.step() for _ in range(2)])
        error = max_rel_error(losses, networks.exact_losses(path, 3))
        rows.append(row(name, shape, 0, measure(lambda: train.step().item()), error))
        rows.append(row(f"first{name[0].upper()}{name[1:]}", shape, 0, [first], error))
    for workload in kernels():
        if not wanted(workload.name):
            continue
        work = workload.make("cpu", torch.float32)
        error = max_rel_error(work(), workload.make("cpu", torch.float64)())
        rows.append(row(workload.name, workload.shape, workload.flops, measure(lambda: work().flatten()[0].item()), error))
    print(json.dumps(dict(
        adapter=f"CPU, {options.threads} threads",
        date=datetime.datetime.now(datetime.timezone.utc).isoformat(),
        versions=dict(pytorch=torch.__version__),
        rows=rows,
    )))


if __name__ == "__main__":
    main()
