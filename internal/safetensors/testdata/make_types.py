"""Writes types.safetensors: the same numbers in every type of float, and a few others.

    pip install numpy ml_dtypes safetensors torch
    python make_types.py
"""

import torch
from safetensors.torch import save_file

values = [0.0, -0.0, 1.0, -1.5, 0.1, 6.1e-5, 5.96e-8, 65504.0, float("inf"), 3.0]
x = torch.tensor(values, dtype=torch.float64).reshape(2, 5)
tensors = {name: x.to(t) for name, t in {"f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16}.items()}
# What each of them holds, as float32.
tensors |= {name + " as f32": t.to(torch.float32).clone() for name, t in tensors.items()}
tensors |= {"scalar": torch.tensor(2.5), "none": torch.zeros(0, 3), "steps": torch.tensor([7], dtype=torch.int64)}
save_file(tensors, "types.safetensors", metadata={"format": "pt", "quotes": '"<&>"'})
