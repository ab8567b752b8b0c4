"""Writes diffusers.json: what networks of Hugging Face diffusers answer, for the tests of package nn.

    python3 nn/testdata/make_diffusers.py > nn/testdata/diffusers.json

Needs: pip install torch diffusers (made with torch 2.15.0, diffusers 0.42.1)

Weights and inputs are a formula of the tensor's name and the value's position, so only the
answers are stored, [batch, height, width, channels].
"""
import json
import math
import zlib

import torch
from diffusers import DiTTransformer2DModel, UNet2DModel


def formula(name, shape, scale):
    """scale · (((crc32(name) + 2654435761·i) mod 2³²) / 2³² - ½), i counting in row-major order."""
    start = zlib.crc32(name.encode())
    values = [((start + 2654435761 * i) % 2**32 / 2**32 - 0.5) * scale for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def weight(name, shape):
    if len(shape) > 1:
        return formula(name, shape, 3 / math.sqrt(math.prod(shape[1:])))
    return formula(name, shape, 0.5) + (1 if name.endswith(".weight") else 0)


two = dict(block_out_channels=[8, 16], layers_per_block=1, norm_num_groups=4, attention_head_dim=4)
UNETS = {
    "attention": dict(two, block_out_channels=[8, 12, 16], layers_per_block=2,
                      down_block_types=["DownBlock2D", "AttnDownBlock2D", "DownBlock2D"],
                      up_block_types=["UpBlock2D", "AttnUpBlock2D", "UpBlock2D"], dropout=0.1),
    "resnet_types": dict(two, down_block_types=["AttnDownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "AttnUpBlock2D"],
                         downsample_type="resnet", upsample_type="resnet", resnet_time_scale_shift="scale_shift",
                         mid_block_scale_factor=1.5, attn_norm_num_groups=2, act_fn="gelu", flip_sin_to_cos=False, freq_shift=1,
                         num_class_embeds=5, norm_eps=1e-2),
    "resnet_blocks": dict(two, down_block_types=["ResnetDownsampleBlock2D", "DownBlock2D"], up_block_types=["UpBlock2D", "ResnetUpsampleBlock2D"],
                          class_embed_type="timestep", add_attention=False, act_fn="mish", center_input_sample=True),
    "padding": dict(two, block_out_channels=[9, 12, 12], norm_num_groups=3, in_channels=1, out_channels=2,
                    down_block_types=["DownBlock2D", "DownBlock2D", "ResnetDownsampleBlock2D"],
                    up_block_types=["ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D", "UpBlock2D"],
                    downsample_padding=0, resnet_time_scale_shift="scale_shift", attention_head_dim=None, act_fn="swish"),
    "skip": dict(two, block_out_channels=[32, 32, 32], down_block_types=["SkipDownBlock2D", "AttnSkipDownBlock2D", "AttnSkipDownBlock2D"],
                 up_block_types=["AttnSkipUpBlock2D", "AttnSkipUpBlock2D", "SkipUpBlock2D"], time_embedding_type="fourier", mid_block_scale_factor=math.sqrt(2)),
    "skip_last": dict(two, block_out_channels=[32, 32], down_block_types=["AttnSkipDownBlock2D", "SkipDownBlock2D"],
                      up_block_types=["SkipUpBlock2D", "AttnSkipUpBlock2D"], act_fn="relu"),
    "k": dict(two, block_out_channels=[32, 64], layers_per_block=2, down_block_types=["KDownBlock2D", "KDownBlock2D"],
              up_block_types=["KUpBlock2D", "KUpBlock2D"], class_embed_type="identity", time_embedding_dim=24),
    "learned": dict(two, down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"],
                    time_embedding_type="learned", num_train_timesteps=50, mid_block_type=None, sample_size=[8, 12]),
}
DITS = {
    "sigma": dict(num_attention_heads=2, attention_head_dim=8, in_channels=2, out_channels=4, num_layers=2, sample_size=8,
                  num_embeds_ada_norm=5),
    "affine": dict(num_attention_heads=3, attention_head_dim=4, in_channels=3, num_layers=2, sample_size=16, patch_size=4, attention_bias=False,
                   activation_fn="geglu", norm_elementwise_affine=True, num_embeds_ada_norm=5, norm_eps=1e-2),
}
for act in ("gelu", "geglu-approximate", "swiglu", "linear-silu"):
    DITS[act] = dict(num_attention_heads=2, attention_head_dim=4, in_channels=1, num_layers=1, sample_size=4, num_embeds_ada_norm=5, activation_fn=act)

LABELS = [1, 5]


def case(name, cls, settings):
    net = cls(**settings).eval()
    state = net.state_dict()
    net.load_state_dict({key: weight(key, value.shape) for key, value in state.items()})
    sides = (8, 12) if cls is UNet2DModel else (8, 8)
    x = formula("x", (2, *sides, net.config.in_channels), 3)
    t = formula("t", (2,), 8) + 10
    if net.config.get("time_embedding_type") == "learned":
        t = t.round().long()
    labels = torch.tensor(LABELS)
    kind = net.config.get("class_embed_type")
    if kind == "identity":
        labels = formula("labels", (2, net.config.time_embedding_dim), 2)
    elif net.config.get("num_class_embeds") is not None:
        labels = torch.tensor([1, 4])  # a table of 5 rows has no row 5
    elif cls is UNet2DModel and kind is None:
        labels = None
    with torch.no_grad():
        y = net(x.permute(0, 3, 1, 2), t, class_labels=labels).sample.permute(0, 2, 3, 1)
    config = {key: value for key, value in net.config.items() if not key.startswith("_")}
    return {"name": name, "config": config, "tensors": len(state), "values": sum(v.numel() for v in state.values()),
            "shape": list(x.shape), "y": [float(f"{v:.7g}") for v in y[..., : x.shape[3]].flatten().tolist()]}


def lines(cls, cases):
    return ",\n".join(json.dumps(case(name, cls, settings)) for name, settings in cases.items())


print('{"unets": [\n' + lines(UNet2DModel, UNETS) + '],\n"dits": [\n' + lines(DiTTransformer2DModel, DITS) + "]}")
