"""Walks a folder that drift exported in Hugging Face diffusers, and compares with drift's picture.

    go test ./hub -run TestExportedWalk -exported /tmp/exported
    for p in cosine flow; do python3 hub/testdata/walk_exported.py /tmp/exported/$p --store hub/testdata/exported-$p.json; done

wrote exported-*.json, for the tests of package hub. So are runs of your own looked at, here with the noise of a picture of theirs:

    drift sample runs/mine -n 1 --steps 20 --out a.png
    drift edit invert runs/mine --picture a.png --grid trailing --steps 20 --noise mine/noise.npy --out back.png
    drift edit interpolate runs/mine --picture a.png,a.png -n 2 --grid trailing --steps 20 --out mine/picture.npy
    drift hub export runs/mine --out mine/model
    python3 walk_exported.py mine --steps 20

Needs: pip install torch diffusers (made with torch 2.15.0, diffusers 0.42.1)
"""
import argparse
import hashlib
import json
import pathlib
import sys

import diffusers
import numpy
import torch

args = argparse.ArgumentParser(description="Walk a folder that drift exported in diffusers.")
args.add_argument("folder", type=pathlib.Path, help="holds model/, which was exported, noise.npy and drift's picture.npy, both [N, H, W, C]")
args.add_argument("--steps", type=int, default=8)
args.add_argument("--range", default="0,255", help="of a pixel in picture.npy")
args.add_argument("--store", help="a file to write the picture and the hashes of what was exported to")
args = args.parse_args()

noise = torch.tensor(numpy.load(args.folder / "noise.npy")[:1], dtype=torch.float32).permute(0, 3, 1, 2)
pipeline = diffusers.DiffusionPipeline.from_pretrained(args.folder / "model")
pipeline.set_progress_bar_config(disable=True)
module = sys.modules[type(pipeline).__module__]
module.randn_tensor = lambda *_, **__: noise.clone()
found = pipeline(num_inference_steps=args.steps, output_type="np").images[0] * 255

low, high = map(float, args.range.split(","))
drifts = (numpy.load(args.folder / "picture.npy")[0].clip(low, high) - low) / (high - low) * 255
print(f"{type(pipeline).__name__}, {type(pipeline.scheduler).__name__}, {args.steps} steps: the largest difference is {abs(found - drifts).max():.5f} of 255")

if args.store:
    files = sorted(p for p in (args.folder / "model").rglob("*") if p.is_file())
    json.dump({
        "Files": {p.relative_to(args.folder / "model").as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
        "Picture": [round(float(v), 4) for v in found.flatten()],
    }, open(args.store, "w"), separators=(",", ":"))
