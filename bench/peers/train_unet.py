"""Trains the U-Net of a drift run in PyTorch, by the same recipe for as many steps, and samples it as drift does.

    train_unet.py RUN IMAGES LABELS OUT [threads]

RUN is the folder of a run with a U-Net, the process "cosine" and the prediction "v"; IMAGES and LABELS are
IDX files (.gz) of what it learned. OUT gets weights.pt, which a second call goes on from, and a folder of 200 PNGs
for every class, walked in 20 steps with guidance 2. Needs: pip install torch diffusers pillow
"""
import gzip
import math
import os
import sys
import time
import tomllib

import numpy
import torch
from diffusers import UNet2DModel
from PIL import Image

from walk import dpmpp2m

EACH, GUIDANCE, BATCH = 200, 2.0, 100


def idx(path):
    with gzip.open(path) as f:
        head = f.read(4)
        shape = numpy.frombuffer(f.read(4 * head[3]), ">i4")
        return torch.from_numpy(numpy.frombuffer(f.read(), numpy.uint8).reshape(shape).copy())


def network(config):
    """drift's settings of a U-Net are those of diffusers."""
    config = {k: v for k, v in config.items() if k != "noise_scale"}
    return UNet2DModel(**config)


def cosine(t):
    """log(Sigma/Alpha) of Nichol & Dhariwal 2021 (arXiv:2102.09672, eq. 17), no lower than log 0.002."""
    u = math.pi / 2 * (t + 0.008) / 1.008
    alpha = (u.cos() / math.cos(math.pi / 2 * 0.008 / 1.008)).clamp(1e-6, 1)
    return ((1 - alpha**2).clamp(min=1e-12).sqrt() / alpha).log().clamp(min=math.log(0.002))


def rate(c, step):
    warm = min(1, (step + 1) / (c["warmup"] + 1))
    return c["rate"] * warm * (1 + math.cos(math.pi * step / c["steps"])) / 2


def train(net, mean, c, x, labels, none, path):
    """x are standardised pictures [n, 1, h, w]. The averaged weights are left in mean."""
    adam = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99), eps=1e-8)
    order, step, spent = torch.randperm(len(x)), 0, 0.0
    if os.path.exists(path):
        kept = torch.load(path)
        net.load_state_dict(kept["net"]), mean.load_state_dict(kept["mean"]), adam.load_state_dict(kept["adam"])
        step, spent, order = kept["step"], kept["spent"], kept["order"]
    began = time.time() - spent
    while step < c["steps"]:
        rows = order[[(step * c["batch"] + i) % len(x) for i in range(c["batch"])]]
        spread = (torch.rand(1) + torch.arange(c["batch"]) / c["batch"]) % 1
        ratio = cosine(spread)
        alpha = (1 / (1 + (2 * ratio).exp()).sqrt())[:, None, None, None]
        sigma = alpha * ratio.exp()[:, None, None, None]
        label = torch.where(torch.rand(c["batch"]) < c["label_dropout"], none, labels[rows])
        noise = torch.randn(c["batch"], *x.shape[1:])
        v = net(alpha * x[rows] + sigma * noise, ratio / 4, class_labels=label).sample
        loss = (v - (alpha * noise - sigma * x[rows])).square().mean()
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), c["clip"])
        adam.param_groups[0]["lr"] = rate(c, step)
        adam.step()
        decay = min(c["ema"], step / (step + 9))
        with torch.no_grad():
            for average, w in zip(mean.parameters(), net.parameters()):
                average.lerp_(w, 1 - decay)
        step += 1
        if step % 100 == 0 or step == c["steps"]:
            spent = time.time() - began
            print(f"step {step} of {c['steps']}, loss {loss:.4f}, {spent:.0f} s", flush=True)
            torch.save({"net": net.state_dict(), "mean": mean.state_dict(), "adam": adam.state_dict(), "step": step, "spent": spent, "order": order}, path + ".new")
            os.replace(path + ".new", path)


def sample(net, shape, labels, none):
    """Samples of the classes that were asked for, by classifier-free guidance (Ho & Salimans 2022, arXiv:2207.12598, eq. 6)."""
    def v(x, t):
        with_class = net(x, t, class_labels=labels).sample
        without = net(x, t, class_labels=torch.full_like(labels, none)).sample
        return without + GUIDANCE * (with_class - without)

    return dpmpp2m(v, torch.randn(len(labels), *shape))


def main(run, images, labels, out, threads="2"):
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    with open(os.path.join(run, "config.toml"), "rb") as f:
        config = tomllib.load(f)
    if (config["process"], config["predict"]) != ("cosine", "v"):
        sys.exit(f"{run}: found process {config['process']!r} and prediction {config['predict']!r}, expected cosine and v")
    pictures, labels = idx(images)[:, None].float(), idx(labels).long()
    middle, width = pictures.mean(), pictures.std()
    classes = int(labels.max()) + 1
    net, mean = network(config["network"]["unet"]), network(config["network"]["unet"])
    mean.load_state_dict(net.state_dict())
    os.makedirs(out, exist_ok=True)
    train(net, mean, config["train"], (pictures - middle) / width, labels, classes, os.path.join(out, "weights.pt"))
    began = time.time()
    asked = torch.arange(EACH * classes) % classes
    for lo in range(0, len(asked), BATCH):
        some = asked[lo:lo + BATCH]
        x = sample(mean, pictures.shape[1:], some, classes)
        for i, picture in enumerate((x * width + middle).round().clamp(0, 255).to(torch.uint8).numpy()):
            folder = os.path.join(out, "samples", str(int(some[i])))
            os.makedirs(folder, exist_ok=True)
            Image.fromarray(picture[0]).save(os.path.join(folder, f"{lo + i:05}.png"))
    print(f"{len(asked)} samples in {time.time() - began:.0f} s")


if __name__ == "__main__":
    if not 5 <= len(sys.argv) <= 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
