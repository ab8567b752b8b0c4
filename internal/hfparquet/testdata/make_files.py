"""Writes small Parquet files as Hugging Face publishes sets of pictures.

    python3 -m venv v && v/bin/pip install datasets==5.2.0 pyarrow==26.0.1 pillow==13.0.0
    v/bin/python make_files.py
"""

import io

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image


def png(value):
    out = io.BytesIO()
    Image.fromarray(np.full((4, 6), value, np.uint8)).save(out, "PNG")
    return out.getvalue()


# As `Dataset.to_parquet` writes it, in four row groups of pages of a few rows.
n = 20
features = datasets.Features({"label": datasets.ClassLabel(names=["eel", "cat", "dog"]), "image": datasets.Image()})
d = datasets.Dataset.from_dict({"image": [{"bytes": png(i), "path": f"{i}.png"} for i in range(n)], "label": [i % 3 for i in range(n)]}, features=features)
d.to_parquet("huggingface.parquet", batch_size=6, write_batch_size=2, data_page_size=100)

# A plain table: a column of bytes, classes as text, one picture missing.
table = pa.table({"img": [png(7), None, png(9)], "class": ["b", "a", "b"]})
pq.write_table(table, "plain.parquet", compression="zstd")

# A test part, whose labels are withheld.
table = pa.table({"image": [png(1), png(2)], "label": pa.array([-1, -1], pa.int32())})
pq.write_table(table, "withheld.parquet", compression="gzip", version="1.0")

pq.write_table(pa.table({"x": [1.0, 2.0]}), "numbers.parquet")
pq.write_table(table.slice(0, 0), "empty.parquet")
