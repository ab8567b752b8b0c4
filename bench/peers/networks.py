"""The networks that drift is measured on, in PyTorch.

pictures are [batch, channels, height, width]; weights start as PyTorch starts them.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    """One head over all pixels, added to its input."""

    def __init__(self, channels, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        q, k, v = self.qkv(self.norm(x)).flatten(2).transpose(1, 2).chunk(3, dim=2)  # [B, HW, C] each
        seen = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[2]), dim=2) @ v
        return x + self.out(seen.transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    """Two convolutions around a shift by the embedding, and perhaps an attention."""

    def __init__(self, cin, cout, width, groups, attend):
        super().__init__()
        self.norm_0 = nn.GroupNorm(groups, cin)
        self.conv_0 = nn.Conv2d(cin, cout, 3, padding=1)
        self.shift = nn.Linear(width, cout)
        self.norm_1 = nn.GroupNorm(groups, cout)
        self.conv_1 = nn.Conv2d(cout, cout, 3, padding=1)
        self.skip = nn.Conv2d(cin, cout, 1) if cin != cout else None
        self.attention = Attention(cout, groups) if attend else None

    def forward(self, x, e):
        h = self.conv_0(F.silu(self.norm_0(x))) + self.shift(e)[:, :, None, None]
        h = self.conv_1(F.silu(self.norm_1(h)))
        h = h + (x if self.skip is None else self.skip(x))
        return h if self.attention is None else self.attention(h)


class UNet(nn.Module):
    """The U-Net of drift's workloads: nn.UNet2D without classes, with one head of attention."""

    def __init__(self, base, mults=(1, 2, 2), blocks=2, attend=(1,), groups=8, channels=3):
        super().__init__()
        self.base, width, last = base, 4 * base, len(mults) - 1
        self.embed = nn.ModuleDict({"level_0": nn.Linear(base, width), "level_1": nn.Linear(width, width)})
        self.first = nn.Conv2d(channels, base, 3, padding=1)
        left, c = [base], base
        for level, mult in enumerate(mults):
            at = nn.ModuleDict()
            for i in range(blocks):
                at[f"block_{i}"] = Block(c, base * mult, width, groups, level in attend)
                c = base * mult
                left.append(c)
            if level < last:
                at["coarser"] = nn.Conv2d(c, c, 3, stride=2, padding=1)
                left.append(c)
            self.add_module(f"down_{level}", at)
        self.middle = nn.ModuleDict({
            "block_0": Block(c, c, width, groups, True),
            "block_1": Block(c, c, width, groups, False),
        })
        for level, mult in reversed(list(enumerate(mults))):
            at = nn.ModuleDict()
            for i in range(blocks + 1):
                at[f"block_{i}"] = Block(c + left.pop(), base * mult, width, groups, level in attend)
                c = base * mult
            if level > 0:
                at["finer"] = nn.Conv2d(c, c, 3, padding=1)
            self.add_module(f"up_{level}", at)
        self.levels = len(mults)
        self.norm = nn.GroupNorm(groups, c)
        self.out = nn.Conv2d(c, channels, 3, padding=1)

    def forward(self, x, t):
        n = self.base // 2
        angle = t[:, None] * 10000 ** (-torch.arange(n, dtype=t.dtype) / n)
        e = self.embed["level_0"](torch.cat([angle.sin(), angle.cos()], dim=1))
        e = F.silu(self.embed["level_1"](F.silu(e)))
        h = self.first(x)
        left = [h]
        for level in range(self.levels):
            for part in getattr(self, f"down_{level}").values():
                h = part(h, e) if isinstance(part, Block) else part(h)
                left.append(h)
        for part in self.middle.values():
            h = part(h, e)
        for level in reversed(range(self.levels)):
            for part in getattr(self, f"up_{level}").values():
                if isinstance(part, Block):
                    h = part(torch.cat([h, left.pop()], dim=1), e)
                else:
                    h = part(F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.out(F.silu(self.norm(h)))


class Plain(nn.Module):
    """nn.Plain of drift."""

    def __init__(self, dim=2, width=128, hidden=4):
        super().__init__()
        sizes = [dim + 32] + hidden * [width]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        self.out = nn.Linear(width, dim)

    def forward(self, x, t):
        angle = t[:, None] * torch.exp(torch.linspace(0, 4, 16, dtype=t.dtype))
        h = torch.cat([x, angle.sin(), angle.cos()], dim=1)
        for layer in self.hidden:
            h = F.silu(layer(h))
        return self.out(h)


def workloads():
    """Name, network and one batch of inputs of each workload of drift bench."""
    yield "mlp_b512", Plain(), torch.randn(512, 2), torch.rand(512)
    for base in (32, 64):
        yield f"unet{base}_b16", UNet(base), torch.randn(16, 3, 32, 32), 1000 * torch.rand(16)
