"""Writes edm2.json: what PyTorch makes of a tiny EDM2 in float64, for the tests of package nn.

    python3 nn/testdata/make_edm2.py > nn/testdata/edm2.json

The network is written from Karras et al. 2024 (arXiv:2312.02696), with channels first and
with what drift's comments name as differences. Weights and inputs are a formula of the
tensor's path and the value's position, so only results are stored: the
network's output y, the loss mean((y - x)²) and, for each tensor of weights, the product of the
loss's gradient with a vector of the same formula, and its norm.
"""
import json
import math
import statistics
import zlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
CHANNELS, HEAD, CLASSES = (4, 8), 4, 3
STORED = 1 / 16  # a stored gain of 1
params = {}


def formula(name, shape, scale):
    """scale · (((crc32(name) + 2654435761·i) mod 2³²) / 2³² - ½), i counting in row-major order."""
    start = zlib.crc32(name.encode())
    values = [((start + 2654435761 * i) % 2**32 / 2**32 - 0.5) * scale for i in range(math.prod(shape))]
    return torch.tensor(values).reshape(shape)


def param(name, *shape):
    """A tensor with the axes that drift has: [in, out] and [height, width, in, out]."""
    scale = 3 / math.sqrt(math.prod(shape[:-1])) if len(shape) > 1 else 0.5
    params[name] = formula(name, shape, scale).requires_grad_()
    return params[name]


def unit(name, *shape):
    """Weights with a vector of length 1 for each output, [out, in, ...]."""
    w = param(name + "/weight", *shape)
    flat = w.reshape(-1, shape[-1])
    return (flat / flat.norm(dim=0)).reshape(shape)


def gain(name):
    return param(name + "/gain") / STORED


def linear(name, x, out):
    return x @ unit(name, x.shape[1], out)


def conv(name, x, out, side):
    if side == 1:
        return torch.einsum("bihw,io->bohw", x, unit(name, x.shape[1], out))
    return F.conv2d(x, unit(name, side, side, x.shape[1], out).permute(3, 2, 0, 1), padding=side // 2)


def silu(x):
    return F.silu(x) / 0.596


def total(a, b, t):
    return ((1 - t) * a + t * b) / math.sqrt((1 - t) ** 2 + t**2)


def joined(a, b, t):
    na, nb = a.shape[1], b.shape[1]
    c = math.sqrt((na + nb) / ((1 - t) ** 2 + t**2))
    return torch.cat([a * c * (1 - t) / math.sqrt(na), b * c * t / math.sqrt(nb)], 1)


def normalised(x, dim):
    return x / x.square().mean(dim, keepdim=True).sqrt()


def attention(name, x):
    b, c, h, w = x.shape
    heads = max(1, c // HEAD)
    q, k, v = normalised(conv(name + "/qkv", x, 3 * c, 1).reshape(b, 3, heads, c // heads, h * w), 3).unbind(1)
    seen = torch.softmax(q.transpose(-1, -2) @ k / math.sqrt(c // heads), -1)  # [b, heads, query, key]
    return conv(name + "/out", (v @ seen.transpose(-1, -2)).reshape(b, c, h, w), c, 1)


def block(name, x, e, out, attend, encode):
    def widened(x):
        return x if x.shape[1] == out else conv(name + "/conv_skip", x, out, 1)

    if encode:
        x = normalised(widened(x), 1)
    h = conv(name + "/conv_0", silu(x), out, 3)
    h = h * (1 + linear(name + "/scale", e, out) * gain(name + "/scale"))[:, :, None, None]
    h = conv(name + "/conv_1", silu(h), out, 3)
    x = total(x if encode else widened(x), h, 0.3)
    return total(x, attention(name + "/attention", x), 0.3) if attend else x


def network(x, t, label):
    n, width = CHANNELS[0], CHANNELS[-1]
    # Half of a standard Gaussian, cut into n/2 parts of equal weight: the middle of each.
    f = torch.tensor([statistics.NormalDist().inv_cdf((1 + (i + 0.5) / (n // 2)) / 2) for i in range(n // 2)])
    turns = 2 * math.pi * t[:, None] * f
    e = linear("embedding/noise", math.sqrt(2) * torch.cat([turns.cos(), turns.sin()], 1), width)
    table = param("embedding/class_embedding/weight", CLASSES + 1, width)
    e = silu(total(e, normalised(table, 0)[label], 0.5))

    h = conv("conv_in", torch.cat([x, torch.ones_like(x[:, :1])], 1), CHANNELS[0], 3)
    left = [h]
    h = block("down_0/block_0", h, e, 4, False, True)
    left.append(h)
    h = block("down_1/coarser", F.avg_pool2d(h, 2), e, 4, False, True)
    left.append(h)
    h = block("down_1/block_0", h, e, 8, True, True)
    left.append(h)
    h = block("middle/block_0", h, e, 8, True, False)
    h = block("middle/block_1", h, e, 8, False, False)
    h = block("up_1/block_0", joined(h, left.pop(), 0.5), e, 8, True, False)
    h = block("up_1/block_1", joined(h, left.pop(), 0.5), e, 8, True, False)
    h = block("up_0/finer", F.interpolate(h, scale_factor=2, mode="nearest"), e, 8, False, False)
    h = block("up_0/block_0", joined(h, left.pop(), 0.5), e, 4, False, False)
    h = block("up_0/block_1", joined(h, left.pop(), 0.5), e, 4, False, False)
    return conv("conv_out", h, x.shape[1], 3) * gain("conv_out")


x = formula("x", (2, 4, 6, 2), 3)  # [batch, height, width, channels]
t = formula("t", (2,), 4)
y = network(x.permute(0, 3, 1, 2), t, torch.tensor([1, 3])).permute(0, 2, 3, 1)
loss = ((y - x) ** 2).mean()
loss.backward()
grads = {}
for name, p in params.items():
    along = formula("along " + name, p.shape, 2)
    grads[name] = [float(f"{v:.12g}") for v in ((p.grad * along).sum().item(), p.grad.norm().item())]
print('{"y":', json.dumps([float(f"{v:.12g}") for v in y.flatten().tolist()]) + ",")
print('"loss":', loss.item(), ",")
rows = [f"{json.dumps(name)}: {json.dumps(g)}" for name, g in grads.items()]
print('"grads": {' + ",\n".join(rows) + "}}")
