"""How drift samples by default, in PyTorch: DPM-Solver++(2M) for networks that predict v."""
import math

import torch


@torch.no_grad()
def dpmpp2m(v, x, steps=20):
    """The walk of Lu et al. 2022 (arXiv:2211.01095, algorithm 2) from noise x, first order in its last step, on the levels
    of drift's usual grid (Karras et al. 2022, arXiv:2206.00364, eq. 5). v(x, t) is told t = log(Sigma/Alpha)/4, one a sample."""
    ratio = [(80 ** (1 / 7) + i / (steps - 1) * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7 for i in range(steps)]
    alpha = [1 / math.sqrt(1 + r * r) for r in ratio] + [1.0]
    sigma = [r * a for r, a in zip(ratio, alpha)] + [0.0]
    before, step_before = None, None
    for i in range(steps):
        clean = alpha[i] * x - sigma[i] * v(x, torch.full((len(x),), math.log(ratio[i]) / 4))
        step = math.inf if i == steps - 1 else math.log(ratio[i] / ratio[i + 1])
        mean = clean
        if before is not None and step < math.inf:
            mean = clean + (clean - before) * (step / (2 * step_before))
        keep = sigma[i + 1] / sigma[i]
        x = keep * x + (alpha[i + 1] - keep * alpha[i]) * mean
        before, step_before = clean, step
    return x
