"""The README's grid: our own layouts and what the shipped model makes of them.  python -m docs.pictures.grid"""

from pathlib import Path

import numpy as np
from PIL import Image

from semflow_core.images import read_layout
from semflow_core.registry import load_pipeline
from semflow_core.request import SynthesisRequest, pack_labels

HERE = Path(__file__).resolve().parent
SEEDS = (0, 1, 2, 3, 4)
STEPS = 8


def main() -> None:
    pipeline = load_pipeline("faces")
    rows = []
    for name in ("long_hair", "glasses", "hat"):
        labels = read_layout(HERE.parents[1] / "assets" / "layouts" / f"{name}.png", pipeline.palette)
        requests = [SynthesisRequest(layout=pack_labels(labels), steps=STEPS, seed=seed) for seed in SEEDS]
        photos = [pipeline.synthesize(r).photo for r in requests]
        rows.append(np.concatenate([pipeline.palette.colorize(labels), *photos], axis=1))
    Image.fromarray(np.concatenate(rows)).save(HERE / "faces.jpg", quality=90)


if __name__ == "__main__":
    main()
