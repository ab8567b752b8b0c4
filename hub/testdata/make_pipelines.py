"""Writes pipelines.json: whole pipelines of Hugging Face diffusers, for the tests of package hub.

    go test ./hub -run TestNoise -update && python3 hub/testdata/make_pipelines.py

Needs: pip install torch diffusers (made with torch 2.15.0, diffusers 0.42.1)

Weights are a formula of the tensor's name and the value's position. Each scheduler's walk
begins with the first draw of noise.json and takes the others in turn; both are drift's own.
"""
import json
import math
import pathlib
import zlib

import diffusers
import torch

here = pathlib.Path(__file__).parent
draws = [torch.tensor(d).reshape(1, 8, 8, 3).permute(0, 3, 1, 2) for d in json.load(open(here / "noise.json"))]
STEPS = 8


def formula(name, shape, scale):
    start = zlib.crc32(name.encode())
    values = [((start + 2654435761 * i) % 2**32 / 2**32 - 0.5) * scale for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def weight(name, shape):
    if len(shape) > 1:
        return formula(name, shape, 3 / math.sqrt(math.prod(shape[1:])))
    return formula(name, shape, 0.5) + (1 if name.endswith(".weight") else 0)


def filled(net):
    net.load_state_dict({k: weight(k, v.shape) for k, v in net.state_dict().items()})
    return net.eval()


def config(thing):
    return json.loads(thing.to_json_string())


unet = filled(diffusers.UNet2DModel(
    sample_size=8, block_out_channels=[8, 16], layers_per_block=1, norm_num_groups=4, attention_head_dim=4,
    down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"]))
dit = filled(diffusers.DiTTransformer2DModel(
    num_attention_heads=2, attention_head_dim=8, in_channels=3, num_layers=2, sample_size=8, patch_size=2, num_embeds_ada_norm=5))

SCHEDULERS = [
    ("DDPMScheduler", dict()),
    ("DDPMScheduler", dict(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction", clip_sample=False, timestep_spacing="trailing")),
    ("DDPMScheduler", dict(beta_schedule="sigmoid", prediction_type="sample", thresholding=True, timestep_spacing="linspace", num_train_timesteps=100)),
    ("DDPMScheduler", dict(variance_type="fixed_large")),
    ("DDIMScheduler", dict()),
    ("DDIMScheduler", dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, set_alpha_to_one=False, steps_offset=1)),
    ("DDIMScheduler", dict(rescale_betas_zero_snr=True, timestep_spacing="trailing", prediction_type="v_prediction", clip_sample_range=1.5)),
    ("DDIMScheduler", dict(trained_betas=[0.01 + 0.002 * i for i in range(50)], num_train_timesteps=50, prediction_type="sample")),
    ("EulerDiscreteScheduler", dict(prediction_type="v_prediction")),
    ("EulerDiscreteScheduler", dict(use_karras_sigmas=True, final_sigmas_type="sigma_min", prediction_type="v_prediction")),
    ("EulerAncestralDiscreteScheduler", dict(prediction_type="v_prediction", timestep_spacing="trailing")),
    ("HeunDiscreteScheduler", dict(prediction_type="v_prediction", timestep_spacing="trailing")),
    ("DPMSolverMultistepScheduler", dict(prediction_type="v_prediction")),
    ("DPMSolverMultistepScheduler", dict(prediction_type="sample", thresholding=True, timestep_spacing="leading", beta_schedule="squaredcos_cap_v2")),
    ("DPMSolverMultistepScheduler", dict(algorithm_type="sde-dpmsolver++", prediction_type="v_prediction", timestep_spacing="trailing")),
    ("UniPCMultistepScheduler", dict(prediction_type="v_prediction")),
    ("KDPM2DiscreteScheduler", dict(prediction_type="v_prediction")),
    ("KDPM2AncestralDiscreteScheduler", dict(prediction_type="v_prediction", timestep_spacing="trailing")),
    ("DPMSolverMultistepScheduler", dict(prediction_type="v_prediction", solver_order=3, lower_order_final=False)),
    ("UniPCMultistepScheduler", dict(prediction_type="v_prediction", solver_order=3, lower_order_final=False, final_sigmas_type="sigma_min")),
    ("UniPCMultistepScheduler", dict(solver_order=1, thresholding=True, prediction_type="sample", timestep_spacing="leading", steps_offset=3)),
    ("FlowMatchEulerDiscreteScheduler", dict()),
]


def walk(net, name, settings, **labels):
    module = __import__(f"diffusers.schedulers", fromlist=[name])
    scheduler = getattr(module, name)(**settings)
    n = 0

    def noise(*_, **__):
        nonlocal n
        n += 1
        return draws[n].clone()

    import sys
    sys.modules[scheduler.__module__].randn_tensor = noise
    scheduler.set_timesteps(STEPS)
    # Euler's schedulers begin with the spread of data and noise where they begin within the
    # schedule, drift with that of the noise; the others with 1.
    x = draws[0] * scheduler.init_noise_sigma if name != "FlowMatchEulerDiscreteScheduler" else draws[0].clone()
    with torch.no_grad():
        for t in scheduler.timesteps:
            seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
            out = net(seen, t.reshape(1).expand(1), **labels).sample
            x = scheduler.step(out, t, x).prev_sample
    return scheduler, [round(v, 5) for v in x.permute(0, 2, 3, 1).flatten().tolist()]


def shapes(net):
    return {k: list(v.shape) for k, v in net.state_dict().items()}


walks = []
for name, settings in SCHEDULERS:
    scheduler, picture = walk(unet, name, settings)
    walks.append({"Scheduler": config(scheduler), "Network": "unet", "Unit": bool(getattr(scheduler, "init_noise_sigma", 1) == 1.0), "Picture": picture})
scheduler, picture = walk(dit, "DDIMScheduler", dict(), class_labels=torch.tensor([3]))
walks.append({"Scheduler": config(scheduler), "Network": "transformer", "Unit": True, "Picture": picture})

json.dump({
    "Networks": {"unet": config(unet), "transformer": config(dit)},
    "Tensors": {"unet": shapes(unet), "transformer": shapes(dit)},
    "Walks": walks,
}, open(here / "pipelines.json", "w"), separators=(",", ":"))
for w in walks:
    print(w["Scheduler"]["_class_name"], min(w["Picture"]), max(w["Picture"]))
