"""Writes unet.json: what PyTorch makes of drift's U-Net in float64, for the tests of package nn.

    python3 nn/testdata/make_unet.py > nn/testdata/unet.json

Weights and inputs are a formula of the tensor's path and the value's position, so only
results are stored: the network's output y, the loss mean((y - x)²) and, for each tensor of
weights, the product of the loss's gradient with a vector of the same formula, and its norm.
"""
import json
import math
import pathlib
import sys
import zlib

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench" / "peers"))
from networks import UNet

torch.set_default_dtype(torch.float64)


def formula(name, shape, scale):
    """scale · (((crc32(name) + 2654435761·i) mod 2³²) / 2³² - ½), i counting in row-major order."""
    start = zlib.crc32(name.encode())
    values = [((start + 2654435761 * i) % 2**32 / 2**32 - 0.5) * scale for i in range(math.prod(shape))]
    return torch.tensor(values).reshape(shape)


def as_drift(path, tensor):
    """Path and axes as drift has them: [in, out] and [height, width, in, out]."""
    *parts, kind = path.replace("first", "in").split(".")
    if parts[0] == "middle" and "attention" in parts:
        parts.remove("block_0")
    norm = parts[-1].startswith("norm")
    name = {"weight": "scale" if norm else "weights", "bias": "offset" if norm else "biases"}[kind]
    if tensor.dim() == 4 and tensor.shape[2] == 1:
        tensor = tensor[:, :, 0, 0]
    if tensor.dim() == 4:
        tensor = tensor.permute(2, 3, 1, 0)
    return "/".join(parts + [name]), tensor.t() if tensor.dim() == 2 else tensor


def scale_of(tensor):
    return 3 / math.sqrt(math.prod(tensor.shape[:-1])) if tensor.dim() > 1 else 0.5


net = UNet(4, mults=(1, 2, 2), blocks=1, groups=2, channels=2)
with torch.no_grad():
    for path, p in net.named_parameters():
        name, view = as_drift(path, p)
        view.copy_(formula(name, view.shape, scale_of(view)) + (1 if name.endswith("scale") else 0))

x = formula("x", (2, 4, 8, 2), 3)  # [batch, height, width, channels]
t = formula("t", (2,), 4)
y = net(x.permute(0, 3, 1, 2), t).permute(0, 2, 3, 1)
loss = ((y - x) ** 2).mean()
loss.backward()
grads = {}
for path, p in net.named_parameters():
    name, g = as_drift(path, p.grad)
    along = formula("along " + name, g.shape, 2)
    grads[name] = [float(f"{v:.12g}") for v in ((g * along).sum().item(), g.norm().item())]
print('{"y":', json.dumps([float(f"{v:.12g}") for v in y.flatten().tolist()]) + ",")
print('"loss":', loss.item(), ",")
rows = [f"{json.dumps(name)}: {json.dumps(g)}" for name, g in grads.items()]
print('"grads": {' + ",\n".join(rows) + "}}")
