"""Writes small pictures of every kind, decoded.json, what Pillow makes of them on a
background of (200, 30, 90), and resized.json, what it makes of one when resizing.

    python3 -m venv v && v/bin/pip install pillow==13.0.0 numpy && v/bin/python make_files.py
"""

import json

import numpy as np
from PIL import Image, ImageOps

H, W = 5, 7
PAPER = (200, 30, 90)
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([20 + 30 * x, 250 - 40 * y, 10 * x + 20 * y], -1).astype(np.uint8)
grey = (10 + 25 * x + 15 * y).astype(np.uint8)
alpha = np.minimum(255, 42 * x + 1 * y).astype(np.uint8)
colour = Image.fromarray(rgb)
rgba = Image.fromarray(np.dstack([rgb, alpha]))
few = colour.quantize(6)
clear = few.copy()
clear.info["transparency"] = 0
big = colour.resize((3 * W, 3 * H), Image.Resampling.BILINEAR)  # smooth, for JPEG and WebP

made = {}


def keep(name, image, loose=0, expect=None, **options):
    image.save(name, **options)
    seen = expect if expect is not None else Image.open(name)
    if seen.mode == "I;16":
        seen = Image.fromarray((np.asarray(seen) >> 8).astype(np.uint8))
    seen = seen.convert("RGBA")
    flat = Image.new("RGBA", seen.size, PAPER + (255,))
    flat.alpha_composite(seen)
    made[name] = {"h": seen.height, "w": seen.width, "loose": loose, "rgb": np.asarray(flat.convert("RGB")).ravel().tolist()}


keep("rgb.png", colour)
keep("rgba.png", rgba, loose=1)
keep("grey.png", Image.fromarray(grey))
keep("grey_alpha.png", Image.fromarray(np.dstack([grey, alpha])), loose=1)
keep("grey16.png", Image.fromarray((grey.astype(np.uint16) * 256 + 7 * x + 40 * y).astype(np.uint16)))
keep("two.png", Image.fromarray(grey > 100))
keep("palette.png", few)
keep("palette_clear.png", few, transparency=0)
keep("smooth.jpg", big, quality=95, subsampling=0, loose=3)
keep("progressive.jpg", big, quality=95, subsampling=0, progressive=True, loose=3)
keep("grey.jpg", Image.fromarray(grey), quality=95, loose=3)
keep("cmyk.jpg", big.convert("CMYK"), quality=95, subsampling=0, loose=4)
for turn in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = turn
    name = f"turn{turn}.jpg"
    big.save(name, quality=95, subsampling=0, exif=exif)
    keep(name, big, quality=95, subsampling=0, exif=exif, loose=3, expect=ImageOps.exif_transpose(Image.open(name)))
keep("still.gif", few)
keep("clear.gif", clear, transparency=0)
keep("animated.gif", few, save_all=True, append_images=[few.transpose(Image.Transpose.FLIP_LEFT_RIGHT)] * 2, duration=50)
keep("lossless.webp", colour, lossless=True)
keep("alpha.webp", rgba, lossless=True, exact=True, loose=1)
keep("lossy.webp", big, quality=95, loose=10)
keep("lossy_alpha.webp", rgba.resize((3 * W, 3 * H), Image.Resampling.BILINEAR), quality=95, loose=10)
keep("rgb.bmp", colour)
keep("palette.bmp", few)
colour.save("animated.webp", save_all=True, append_images=[colour.transpose(Image.Transpose.FLIP_LEFT_RIGHT)], lossless=True, duration=50)
json.dump(made, open("decoded.json", "w"), separators=(",", ":"))

# Resizing, in float32 so that only the kernel is compared.
rng = np.random.default_rng(1)
h, w = 23, 37
noise = rng.integers(0, 256, (h, w), dtype=np.uint8)
sizes = []
for th, tw in [(8, 8), (5, 13), (40, 50), (23, 11), (1, 1), (30, 8), (22, 36)]:
    s = min(h / th, w / tw)
    box = ((w - tw * s) / 2, (h - th * s) / 2, (w + tw * s) / 2, (h + th * s) / 2)
    out = Image.fromarray(noise.astype(np.float32)).resize((tw, th), Image.Resampling.BICUBIC, box=box)
    sizes.append({"h": th, "w": tw, "pixels": [round(float(v), 3) for v in np.asarray(out).ravel()]})
json.dump({"h": h, "w": w, "pixels": noise.ravel().tolist(), "sizes": sizes}, open("resized.json", "w"), separators=(",", ":"))
