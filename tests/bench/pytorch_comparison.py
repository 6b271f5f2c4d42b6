#!/usr/bin/python3
"""Training steps of step_bench beside PyTorch's, in turns, one process each, and the ratio of their times.

The peer is PyTorch at its best: Debian's python3-torch with OpenBLAS for OpenMP (the pthread one collapses at two
threads), the number of threads set by hand, SGD with foreach, gradients set to None, and whichever of the two memory
formats, contiguous or channels_last, is faster here. Usage: see --help, or ./bootstrap bench pytorch.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time

# What is compared, and how many times as fast as PyTorch it is to be.
CELLS = [
    ("cnn", 32, 1, "fp32", 1.6),
    ("cnn", 32, 2, "fp32", 1.6),
    ("cnn", 256, 1, "fp32", 1.6),
    ("cnn", 256, 2, "fp32", 1.6),
    ("mlp", 128, 1, "fp32", 1.2),
    ("mlp", 128, 2, "fp32", 1.2),
    ("resnet18", 32, 1, "fp32", 1.35),
    ("resnet18", 32, 2, "fp32", 1.35),
    ("resnet18", 32, 1, "bf16", 1.1),
    ("resnet18", 32, 2, "bf16", 1.1),
]


def network(name):
    """The networks of trainer/model, layer by layer."""
    from torch import nn

    if name == "cnn":
        return nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
        ), (1, 28, 28)
    if name == "mlp":
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)
        ), (1, 28, 28)
    if name == "resnet18":
        return resnet18(), (3, 32, 32)
    raise SystemExit(f"model {name!r} is not known")


def resnet18():
    """For images of 32x32: the first convolution is 3x3 and keeps their size."""
    from torch import nn

    def convolution(inputs, outputs, kernel, stride):
        return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs)]

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.body = nn.Sequential(*convolution(inputs, outputs, 3, stride), nn.ReLU(), *convolution(outputs, outputs, 3, 1))
            self.shortcut = nn.Sequential(*convolution(inputs, outputs, 1, stride)) if stride > 1 else nn.Identity()
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.body(x) + self.shortcut(x))

    layers = [*convolution(3, 64, 3, 1), nn.ReLU()]
    inputs = 64
    for outputs, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        layers.append(Block(inputs, outputs, stride))
        inputs = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def peer(name, batch, threads, precision, memory_format):
    """PyTorch's side: what step_bench does, with PyTorch."""
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model, shape = network(name)
    layout = torch.channels_last if memory_format == "channels_last" else torch.contiguous_format
    model = model.to(memory_format=layout)
    images = torch.rand(batch, *shape).to(memory_format=layout)
    labels = torch.randint(0, 10, (batch,))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, foreach=True)
    loss_of = torch.nn.CrossEntropyLoss()
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16")

    def step():
        optimizer.zero_grad(set_to_none=True)
        with autocast:
            loss = loss_of(model(images), labels)
        loss.backward()
        optimizer.step()

    for line in sys.stdin:
        times = []
        end = time.perf_counter() + float(line)
        now = 0
        while now < end:
            begin = time.perf_counter()
            step()
            now = time.perf_counter()
            times.append(1000 * (now - begin))
        print(f"{statistics.median(times):.4f}", flush=True)


class Side:
    """A process that measures when it is its turn."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.times = []

    def turn(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"pytorch_comparison: {' '.join(self.process.args)} ended: its message is above")
        return float(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def compare(cell, options, peers_environment):
    name, batch, threads, precision, _ = cell
    arguments = [name, str(batch), str(threads), precision]
    formats = ["contiguous"] if name == "mlp" else ["contiguous", "channels_last"]
    sides = {"ours": Side([options.ours, *arguments], os.environ)}
    for memory_format in formats:
        command = [sys.executable, __file__, "--peer", *arguments, memory_format]
        sides[memory_format] = Side(command, peers_environment | {"OMP_NUM_THREADS": str(threads)})
    try:
        for side in sides.values():  # the first steps prepare
            side.turn(options.seconds)
        for _ in range(options.turns):
            for side in sides.values():
                side.times.append(side.turn(options.seconds))
    finally:
        for side in sides.values():
            side.close()
    return {name: statistics.median(side.times) for name, side in sides.items()}


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as lines:
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    flags = fields.get("flags", "").split()
    wide = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags]
    return f"{fields.get('model name', platform.machine())}, {os.cpu_count()} processors, {' '.join(wide)}"


def main():
    if sys.argv[1:2] == ["--peer"]:
        name, batch, threads, precision, memory_format = sys.argv[2:]
        peer(name, int(batch), int(threads), precision, memory_format)
        return
    parser = argparse.ArgumentParser(description="Training steps beside PyTorch's.")
    parser.add_argument("--ours", default="build/release/bin/step_bench", help="the program (%(default)s)")
    parser.add_argument("--blas", help="folder of the libblas.so.3 that PyTorch is to use")
    parser.add_argument("--only", default="", help="cells whose name contains this, such as cnn-32 or mlp")
    parser.add_argument("--turns", type=int, default=9, help="turns of each side, of which the median counts")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn")
    parser.add_argument("--check", action="store_true", help="fail where a bar is missed")
    options = parser.parse_args()

    environment = dict(os.environ)
    if options.blas:
        if not os.path.exists(os.path.join(options.blas, "libblas.so.3")):
            raise SystemExit(f"pytorch_comparison: {options.blas} has no libblas.so.3")
        environment["LD_LIBRARY_PATH"] = options.blas
    import torch

    print(f"{processor()}; PyTorch {torch.__version__}, BLAS of {options.blas or 'the system'}; {time.strftime('%F')}")
    print("| network | batch | threads | precision | ours | PyTorch contiguous | channels_last | ratio | bar |")
    print("|---|---|---|---|---|---|---|---|---|")
    missed = 0
    for cell in CELLS:
        name, batch, threads, precision, bar = cell
        if options.only not in f"{name}-{batch}-{threads}-{precision}":
            continue
        times = compare(cell, options, environment)
        ours = times.pop("ours")
        ratio = min(times.values()) / ours
        missed += ratio < bar
        theirs = [f"{times[f]:.2f} ms" if f in times else "" for f in ("contiguous", "channels_last")]
        print(f"| {name} | {batch} | {threads} | {precision} | {ours:.2f} ms | {theirs[0]} | {theirs[1]} "
              f"| {ratio:.2f} | >= {bar} |", flush=True)
    if options.check and missed:
        raise SystemExit(f"pytorch_comparison: {missed} bars missed")


if __name__ == "__main__":
    main()
