"""Writes each U-Net of the workloads as ONNX, for ort_unet.js. Usage: export_onnx.py FOLDER

Needs: pip install torch onnx onnxscript
"""
import pathlib
import sys

import torch

from networks import workloads

for name, net, x, t in workloads():
    if name.startswith("unet"):
        file = pathlib.Path(sys.argv[1]) / (name.split("_")[0] + ".onnx")
        torch.onnx.export(net.eval(), (x, t), str(file), input_names=["x", "t"], output_names=["y"], external_data=False)
