"""The README's grids: our own layouts and what the shipped models make of them.  python -m docs.pictures.grid"""

from pathlib import Path

import numpy as np
from PIL import Image

from semflow_core.pictures.layouts import read_layout
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests.packing import pack_labels
from semflow_core.requests.requests import SynthesisRequest

HERE = Path(__file__).resolve().parent
STEPS = 4  # what the studio starts with
GRIDS = {"faces": (("long_hair", "glasses", "hat"), range(5)), "streets": (("street",), range(2))}


def main() -> None:
    for model, (names, seeds) in GRIDS.items():
        pipeline, rows = load_pipeline(model), []
        for name in names:
            labels = read_layout(HERE.parents[1] / "assets" / "layouts" / f"{name}.png", pipeline.palette)
            requests = [SynthesisRequest(model, STEPS, layout=pack_labels(labels), seed=seed) for seed in seeds]
            photos = [pipeline.synthesize(r).photo for r in requests]
            rows.append(np.concatenate([pipeline.palette.colorize(labels), *photos], axis=1))
        Image.fromarray(np.concatenate(rows)).save(HERE / f"{model}.jpg", quality=90)


if __name__ == "__main__":
    main()
