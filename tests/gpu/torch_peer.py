"""The networks of gpu_bench.cc in PyTorch, on the same card: forward and backward of a batch, eager and compiled.

A step copies its batch to the card from pinned memory and ends when the loss is on the host, as ours does. Ours also
brings parameters to the card and gradients to the host in each step; PyTorch's do not leave the card.
"""

import statistics
import time

import torch
from torch import nn

RUNS = 5


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


class Block(nn.Module):
    """Two 3x3 convolutions, or with `widen` 1x1, 3x3, 1x1; and the way around them."""

    def __init__(self, inputs, channels, stride, widen):
        super().__init__()
        outputs = 4 * channels if widen else channels

        def unit(a, b, kernel, step):
            return [nn.Conv2d(a, b, kernel, step, kernel // 2, bias=False), nn.BatchNorm2d(b)]

        if widen:
            layers = [*unit(inputs, channels, 1, 1), nn.ReLU(), *unit(channels, channels, 3, stride), nn.ReLU(),
                      *unit(channels, outputs, 1, 1)]
        else:
            layers = [*unit(inputs, channels, 3, stride), nn.ReLU(), *unit(channels, channels, 3, 1)]
        self.layers = nn.Sequential(*layers)
        same = stride == 1 and inputs == outputs
        self.around = nn.Identity() if same else nn.Sequential(*unit(inputs, outputs, 1, stride))

    def forward(self, x):
        return torch.relu(self.layers(x) + self.around(x))


def resnet(blocks, widen, pixels, classes):
    if pixels <= 64:
        layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    else:
        layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, count in enumerate(blocks):
        channels = 64 << stage
        for block in range(count):
            layers.append(Block(inputs, channels, 2 if stage > 0 and block == 0 else 1, widen))
            inputs = 4 * channels if widen else channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


CASES = [
    ("cnn", cnn, (1, 28, 28), 10, 32, "fp32", 1000),
    ("cnn", cnn, (1, 28, 28), 10, 32, "tf32", 1000),
    ("resnet18", lambda: resnet([2, 2, 2, 2], False, 32, 10), (3, 32, 32), 10, 256, "tf32", 50),
    ("resnet18", lambda: resnet([2, 2, 2, 2], False, 32, 10), (3, 32, 32), 10, 256, "bf16", 50),
    ("resnet50", lambda: resnet([3, 4, 6, 3], True, 224, 1000), (3, 224, 224), 1000, 128, "bf16", 20),
]


def measure(name, make, shape, classes, batch, precision, steps, compiled):
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    model = make().cuda().to(memory_format=torch.channels_last)
    run = torch.compile(model, mode="max-autotune-no-cudagraphs" if batch > 64 else "reduce-overhead") if compiled else model
    samples = torch.rand(batch, *shape).pin_memory()
    labels = torch.randint(min(classes, 256), (batch,)).pin_memory()

    def step():
        x = samples.cuda(non_blocking=True).to(memory_format=torch.channels_last)
        y = labels.cuda(non_blocking=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            loss = nn.functional.cross_entropy(run(x), y)
        model.zero_grad(set_to_none=True)
        loss.backward()
        return loss.item()

    for _ in range(10):
        step()
    rates = []
    for _ in range(RUNS):
        start = time.perf_counter()
        for _ in range(steps):
            step()
        rates.append(steps / (time.perf_counter() - start))
    rate = statistics.median(rates)
    print(f"{name:9} batch {batch:4} {precision}  {rate:10.1f} steps/s {rate * batch:12.0f} samples/s  "
          f"({min(rates):.1f} to {max(rates):.1f} steps/s in {RUNS} runs of {steps}) "
          f"PyTorch {torch.__version__} {'compiled' if compiled else 'eager'}", flush=True)


for case in CASES:
    for compiled in (False, True):
        try:
            measure(*case, compiled)
        except Exception as error:  # a compiler that is missing, say: the other figures count all the same
            print(f"{case[0]} {case[5]} {'compiled' if compiled else 'eager'}: {type(error).__name__}: {error}".splitlines()[0])
        torch.cuda.empty_cache()
