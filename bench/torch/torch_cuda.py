"""PyTorch on a CUDA GPU in float32 without TF32: W eager and as a CUDA graph, and the kernels of `npm run bench:peers`.

    python3 torch_cuda.py --json torch.json

A step named `step` is awaited, as those of the other benchmarks are; every other time is that of CUDA events around several
iterations. TF32 is off."""

import argparse
import datetime
import json
import statistics
import sys
import time

import torch

from workloads import Training, kernels, max_rel_error, step_flops, training

REPEATS = 20


def measure(work):
    """Milliseconds of one iteration, for each of `REPEATS` groups of iterations that take some 20 ms."""
    for _ in range(5):
        work()
    torch.cuda.synchronize()
    events = [torch.cuda.Event(enable_timing=True) for _ in range(2)]

    def group(iterations):
        events[0].record()
        for _ in range(iterations):
            work()
        events[1].record()
        events[1].synchronize()
        return events[0].elapsed_time(events[1]) / iterations

    iterations = max(3, min(1000, int(20 / max(group(3), 1e-3))))
    return [group(iterations) for _ in range(REPEATS)]


def row(workload, shape, flops, times, error, **more):
    median = statistics.median(times)
    gflops = flops / median / 1e6 if flops else None
    print(f"{workload:26} {median:9.4f} ms", file=sys.stderr)
    return dict(
        workload=workload, library="pytorch", shape=shape, medianMs=median, minMs=min(times), runs=len(times),
        gflops=gflops, maxRelError=error, **more,
    )


def graph_of(train):
    """One step on fixed tensors, captured; returns a function that copies a batch into them and replays."""
    x, y = (one.clone() for one in train.batches[0])
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            train.on(x, y)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    train.optimizer.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        loss = train.on(x, y)
    count = 0

    def step():
        nonlocal count
        images, labels = train.batches[count % len(train.batches)]
        count += 1
        x.copy_(images)
        y.copy_(labels)
        graph.replay()
        return loss

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", help="where the results go; standard output by default")
    parser.add_argument("--training", help="weights and pictures as bench:peers writes them")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("PyTorch finds no CUDA GPU here")
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    rows = []
    data = training(options.training)
    for batch in (64, 16, 256):
        name = "step" if batch == 64 else f"step.batch{batch}"
        shape, flops = f"batch {batch}", step_flops(batch)
        exact = Training(batch, data, "cpu", torch.float64)
        want = torch.stack([exact.step() for _ in range(3)])
        train = Training(batch, data, "cuda", torch.float32)
        start = time.perf_counter()
        losses = [train.step()]
        losses[0].item()
        first = 1000 * (time.perf_counter() - start)
        losses = torch.stack(losses + [train.step() for _ in range(2)])
        error = max_rel_error(losses, want)
        awaited = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            train.step().item()
            awaited.append(1000 * (time.perf_counter() - start))
        rows.append(row(name, shape, flops, awaited, error))
        rows.append(row(f"{name}.pipelined", shape, flops, measure(train.step), error))
        if batch == 64:
            rows.append(row("firstStep", shape, 0, [first], error))
        graphed = Training(batch, data, "cuda", torch.float32, capturable=True)
        replay = graph_of(graphed)
        graphed.restart(data[0])
        error = max_rel_error(torch.stack([replay().clone() for _ in range(3)]), want)
        rows.append(row(f"{name}.cudaGraph", shape, flops, measure(replay), error))
    for workload in kernels():
        work = workload.make("cuda", torch.float32)
        error = max_rel_error(work(), workload.make("cpu", torch.float64)())
        rows.append(row(workload.name, workload.shape, workload.flops, measure(work), error))
    text = json.dumps(dict(
        adapter=torch.cuda.get_device_name(),
        date=datetime.datetime.now(datetime.timezone.utc).isoformat(),
        versions=dict(pytorch=torch.__version__, cuda=torch.version.cuda, cudnn=str(torch.backends.cudnn.version())),
        rows=rows,
    ), indent=1)
    if options.json:
        with open(options.json, "w") as file:
            file.write(text + "\n")
    else:
        print(text)


if __name__ == "__main__":
    main()
