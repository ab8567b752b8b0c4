"""Writes small NumPy arrays of pictures, shape (3, 2, 2): 0, 20, …, 220 in each kind.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 && v/bin/python make_npy.py
"""

import numpy as np

a = np.arange(0, 240, 20).reshape(3, 2, 2)
kinds = {
    "u1": a.astype("u1"), "i8": a.astype("i8"), "big": a.astype(">u2"), "f4": (a / 255).astype("f4"), "f8": a / 127.5 - 1,
    "f4_whole": a.astype("f4"), "four": a.astype("u1")[..., None], "rgb": np.repeat(a.astype("u1")[..., None], 3, -1),
}
np.savez("kinds.npz", **kinds)
np.savez_compressed("set.npz", x_train=kinds["u1"], y_train=np.array([[2], [5], [2]], "i8"), other=np.array(["a"]))
np.savez("odd.npz", fortran=np.asfortranarray(a), text=np.array(["a", "b"]), flat=a.ravel(), far=a * 2, negative=-a, nan=np.full((1, 1, 1), np.nan), object=np.array([1], object), bool=a > 100)
