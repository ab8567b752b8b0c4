"""Measures PyTorch as drift bench measures drift. Usage: torch_unet.py [threads [name...]]

DRIFT_CPU_PRECISION=bfloat16 asks for bfloat16 as it does of drift: by autocast.

Needs: pip install torch
"""
import os
import statistics
import sys
import time

import torch
from torch import nn

from networks import workloads
from walk import dpmpp2m


def autocast():
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=os.environ.get("DRIFT_CPU_PRECISION") == "bfloat16")


def median_ms(run, runs, warm_ups=2):
    times = []
    for i in range(runs + warm_ups):
        start = time.perf_counter()
        run()
        if i >= warm_ups:
            times.append(time.perf_counter() - start)
    return 1e3 * statistics.median_high(times)


def forward_flop(net, x, t):
    """Two for each multiply-add of convolutions and linear layers in one forward pass."""
    total = 0

    def count(layer, _, out):
        nonlocal total
        total += 2 * out.numel() * layer.weight[0].numel()

    layers = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    net(x, t)
    for hook in hooks:
        hook.remove()
    return total


def sample(net, n, batch=16):
    """n samples; pictures go through the network so many at once."""
    with autocast():
        return dpmpp2m(lambda x, t: torch.cat([net(a, b) for a, b in zip(x.split(batch), t.split(batch))]), torch.randn(n, 3, 32, 32))


def measure(name, net, x, t):
    adam = torch.optim.Adam(net.parameters(), lr=1e-4)

    @torch.no_grad()
    def forward():
        with autocast():
            net(x, t)

    def train():
        adam.zero_grad()
        with autocast():
            loss = torch.mean((net(x, t) - x) ** 2)
        loss.backward()
        adam.step()

    flop = forward_flop(net, x, t)
    runs = 50 if x.dim() == 2 else 5
    forward_ms, train_ms = median_ms(forward, runs), median_ms(train, runs)
    params = sum(p.numel() for p in net.parameters())
    print(f"{name} params {params} forward_gflop {flop / 1e9:.3f} forward_ms {forward_ms:.2f} "
          f"train_ms {train_ms:.2f} train_gflops {3 * flop / train_ms / 1e6:.1f}", end="", flush=True)
    if name == "unet32_b16":
        n = 64
        # The batch that suits PyTorch best counts.
        sample_ms = min(median_ms(lambda: sample(net, n, batch=batch), 1, warm_ups=0) for batch in (16, 64))
        print(f" sample_ms {sample_ms:.0f} samples_per_second {1e3 * n / sample_ms:.2f}", end="")
    print(flush=True)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    torch.manual_seed(0)
    print(f"torch {torch.__version__} threads {torch.get_num_threads()}", flush=True)
    for name, net, x, t in workloads():
        if not sys.argv[2:] or name in sys.argv[2:]:
            measure(name, net, x, t)
