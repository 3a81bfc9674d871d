"""Twenty requests and a fingerprint of what each gives: before and after a change that must not change pictures.

    python tools/fingerprints.py                          # this checkout
    python tools/fingerprints.py --checkout ../before     # another one, of any commit since requests have JSON

Synthesis, segmentation, edits, paths and morphs of the shipped models, on our own layouts and scikit-image's astronaut.
The same machine gives the same bytes (docs/speed.md); another processor may not.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib
import io
import json
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

HAT, HAIR, SKIN = 14, 13, 1  # class ids of CelebAMask-HQ
METHODS = {
    "Synthesis": "synthesize",
    "Segmentation": "segment",
    "Edit": "edit",
    "Trajectory": "trajectory",
    "Morph": "morph",
}
FIELDS = ("photo", "labels", "margin", "changed", "frames", "photos", "layouts", "z0", "z1", "latents")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", type=Path, default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    sys.path.insert(0, str(args.checkout.resolve()))
    import torch

    torch.set_num_threads(args.threads)
    load_pipeline, read = entry_points()
    layouts = {f.stem: np.array(Image.open(f)) for f in (args.checkout / "assets" / "layouts").glob("*.png")}
    astronaut = importlib.import_module("skimage.data").astronaut()
    requests = twenty_requests(layouts, astronaut, load_pipeline, read)
    for i, raw in enumerate(requests):
        request = read(json.dumps(raw))
        name = raw["kind"].removesuffix("Request")
        method = METHODS[name]
        result = getattr(load_pipeline(request.model), method)(request)
        print(f"{i:02d} {name:<12} {fingerprint(result)}")


def entry_points() -> tuple[Any, Any]:
    """(load_pipeline, JSON -> request) of whichever commit is on the path."""
    try:
        core = importlib.import_module("semflow_core")
        return core.load_pipeline, core.Request.from_json
    except AttributeError:  # before the rooms
        kinds = importlib.import_module("semflow_core.request")
        registry = importlib.import_module("semflow_core.registry")
        return registry.load_pipeline, lambda text: getattr(kinds, json.loads(text)["kind"]).from_json(text)


def twenty_requests(layouts: dict[str, np.ndarray], astronaut: np.ndarray, load: Any, read: Any) -> list[dict]:
    hat, glasses, hair, street = (packed(layouts[n]) for n in ("hat", "glasses", "long_hair", "street"))
    face, wide = png(astronaut[:300, 80:380]), png(astronaut[:256])
    segment = {"kind": "SegmentationRequest", "photo": face, "steps": 2}
    labels = load("faces").segment(read(json.dumps(segment))).labels
    repainted = labels.copy()
    repainted[:70] = HAT
    before, after = packed(labels), packed(repainted)
    red = [[HAT, [0.5, -0.4, 0.2]]]
    paint = {"kind": "SynthesisRequest", "layout": hat, "steps": 4}
    edit = {"kind": "EditRequest", "photo": face, "layout": after, "steps": 4, "seed": 7}
    path = {"kind": "TrajectoryRequest", "steps": 4, "frames": 5, "predict": True}
    morph = {"kind": "MorphRequest", "layout": hat, "seed": 1, "other_seed": 2, "steps": 2}
    return [
        {**paint, "steps": 1},
        {**paint, "layout": glasses, "seed": 3},
        {**paint, "layout": hair, "steps": 8, "seed": 5, "grid": "uniform"},
        {**paint, "steps": 3, "seed": 5, "solver": "heun", "grid": "cubic"},
        {**paint, "seed": 1, "class_seeds": [[HAIR, 9], [SKIN, 4]]},
        {**paint, "seed": 1, "offsets": red},
        {**paint, "layout": glasses, "seed": 2, "beta": 10.0},
        {**paint, "layout": glasses, "seed": 2, "spectrum": "white", "beta": 6.0},
        {**paint, "model": "streets", "layout": street, "seed": 2},
        segment,
        {**segment, "mirror": True, "smooth": 1.0},
        {**segment, "model": "streets", "photo": wide, "steps": 3, "mirror": True},
        edit,
        {**edit, "before": before},
        {**edit, "layout": before, "before": before, "offsets": [[HAIR, [0.6, -0.3, 0.1]]]},
        {**path, "photo": face},
        {**path, "layout": hat, "seed": 3, "offsets": red},
        {
            "kind": "TrajectoryRequest",
            "layout": hair,
            "steps": 6,
            "times": [0.0, 0.3, 1.0],
            "seed": 3,
            "grid": "uniform",
        },
        {**morph, "other_layout": glasses, "frames": 10},
        {**morph, "frames": 4, "offsets": red},
    ]


def packed(labels: np.ndarray) -> str:
    height, width = labels.shape
    data = base64.b64encode(zlib.compress(np.ascontiguousarray(labels, np.uint8).tobytes())).decode()
    return f"{width},{height};{data}"


def png(photo: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(photo)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def fingerprint(result: Any) -> str:
    """The first half of a SHA-256 of all arrays of a result, latents included."""
    digest = hashlib.sha256()
    for name in FIELDS:
        value = getattr(result, name, None)
        if value is not None:
            digest.update(np.ascontiguousarray(value).tobytes())
    return digest.hexdigest()[:32]


if __name__ == "__main__":
    main()
