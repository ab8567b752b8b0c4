"""Reads events.out.tfevents.1 with TensorBoard's reader and writes what it saw to events.json.

Needs: pip install tensorboard. Run in this folder."""
import base64
import json

from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

events = []
for e in LegacyEventFileLoader("events.out.tfevents.1").Load():
    if e.HasField("file_version"):
        assert e.file_version == "brain.Event:2"
        continue
    values = []
    for v in e.summary.value:
        if v.HasField("image"):
            i = v.image
            values.append({"Tag": v.tag, "PNG": base64.b64encode(i.encoded_image_string).decode(), "Width": i.width, "Height": i.height})
        else:
            values.append({"Tag": v.tag, "Scalar": v.simple_value})
    events.append({"Wall": e.wall_time, "Step": e.step, "Values": values})
json.dump(events, open("events.json", "w"), indent=1)
