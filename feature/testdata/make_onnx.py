"""A tiny convolutional network as an ONNX file, and what ONNX Runtime makes of pictures.

    python make_onnx.py

writes tiny.onnx (channels first), nhwc.onnx, pools.onnx and onnx.json beside itself. The pictures are made by a formula that the Go
test repeats. Needs onnx, onnxruntime and numpy.
"""

import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(7)
H, W = 10, 12


def weights(name, *shape, scale=0.3, shift=0.0):
    return numpy_helper.from_array((rng.normal(size=shape) * scale + shift).astype(np.float32), name)


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs, [output], **attributes)


nodes = [
    node("Conv", ["x", "w0", "b0"], "h0", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    node("BatchNormalization", ["h0", "scale", "offset", "mean", "var"], "h1", epsilon=1e-3),
    node("Relu", ["h1"], "h2"),
    node("MaxPool", ["h2"], "p0", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1]),
    node("AveragePool", ["h2"], "p1", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1], count_include_pad=0),
    node("Conv", ["p1", "w1", "b1"], "h3", kernel_shape=[1, 3], pads=[0, 1, 0, 1]),
    node("Concat", ["p0", "h3"], "map", axis=1),
    node("GlobalAveragePool", ["map"], "g"),
    node("Flatten", ["g"], "flat", axis=1),
    node("Gemm", ["flat", "w2", "b2"], "features", transB=1),
]
initial = [
    weights("w0", 8, 3, 3, 3), weights("b0", 8),
    weights("scale", 8, shift=1.0), weights("offset", 8), weights("mean", 8),
    numpy_helper.from_array(np.linspace(0.5, 2, 8).astype(np.float32), "var"),
    weights("w1", 6, 8, 1, 3), weights("b1", 6), weights("w2", 5, 14), weights("b2", 5),
]
graph = helper.make_graph(
    nodes, "tiny",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, H, W])],
    [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", 5]), helper.make_tensor_value_info("map", TensorProto.FLOAT, ["n", 14, 5, 6])],
    initial,
)
tiny = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(tiny)
(here / "tiny.onnx").write_bytes(tiny.SerializeToString())

last = helper.make_graph(
    [node("Transpose", ["x"], "t", perm=[0, 3, 1, 2]), node("Conv", ["t", "k"], "c", kernel_shape=[3, 3]),
     node("Sigmoid", ["c"], "s"), node("Transpose", ["s"], "y", perm=[0, 2, 3, 1])],
    "nhwc",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, H, W, 1])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, H - 2, W - 2, 4])],
    [weights("k", 4, 1, 3, 3)],
)
nhwc = helper.make_model(last, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(nhwc)
(here / "nhwc.onnx").write_bytes(nhwc.SerializeToString())

# Pools as exporters write them: defaults stated, strides left out, averages that count their padding.
pools = helper.make_graph(
    [
        node("MaxPool", ["x"], "m0", kernel_shape=[3, 2], dilations=[1, 1], strides=[1, 1], pads=[1, 0, 1, 1], ceil_mode=0, storage_order=0, auto_pad="NOTSET"),
        node("AveragePool", ["x"], "m1", kernel_shape=[3, 2], pads=[1, 0, 1, 1], count_include_pad=1),
        node("MaxPool", ["x"], "m2", kernel_shape=[2, 2], auto_pad="VALID", dilations=[1, 1]),
        node("AveragePool", ["m1"], "m3", kernel_shape=[2, 2], count_include_pad=1, pads=[0, 0, 0, 0]),
        node("Concat", ["m0", "m1"], "a", axis=1), node("Concat", ["m2", "m3"], "b", axis=1),
        node("GlobalAveragePool", ["a"], "ga"), node("GlobalAveragePool", ["b"], "gb"),
        node("Concat", ["ga", "gb"], "g", axis=1), node("Flatten", ["g"], "y", axis=1),
    ],
    "pools",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, H, W])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 12])],
)
pools = helper.make_model(pools, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(pools)
(here / "pools.onnx").write_bytes(pools.SerializeToString())


def pictures(n, c):
    i = np.arange(n * H * W * c, dtype=np.int64)
    return ((i * 2654435761) % 4294967296 * 256 // 4294967296).reshape(n, H, W, c).astype(np.float32)


x = pictures(4, 3)
scalings = {
    "0..1": x / 255,
    "-1..1": x / 127.5 - 1,
    "0..255": x,
    "imagenet": (x / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225]),
}
session = onnxruntime.InferenceSession(str(here / "tiny.onnx"), providers=["CPUExecutionProvider"])
out = {}
for name, v in scalings.items():
    features, maps = session.run(None, {"x": np.ascontiguousarray(v.transpose(0, 3, 1, 2).astype(np.float32))})
    out[name] = {"features": features.tolist(), "map": maps.mean((2, 3)).tolist()}
session = onnxruntime.InferenceSession(str(here / "nhwc.onnx"), providers=["CPUExecutionProvider"])
out["nhwc"] = {"y": session.run(None, {"x": pictures(2, 1) / 255})[0].mean((1, 2)).tolist()}
session = onnxruntime.InferenceSession(str(here / "pools.onnx"), providers=["CPUExecutionProvider"])
out["pools"] = {"y": session.run(None, {"x": np.ascontiguousarray(x.transpose(0, 3, 1, 2)) / 255})[0].tolist()}
(here / "onnx.json").write_text(json.dumps(out) + "\n")
