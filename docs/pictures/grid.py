"""The README's grids: our own layouts and what the shipped models make of them.  python -m docs.pictures.grid"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from semflow_core import SynthesisRequest, load_pipeline
from semflow_core.pictures.layouts import example_layouts, read_layout

HERE = Path(__file__).resolve().parent
STEPS = 4  # what the studio starts with
PHOTOS = {"faces": 5, "streets": 2}  # photos per layout, by model


def main() -> None:
    for model, photos_per_layout in PHOTOS.items():
        pipeline, rows = load_pipeline(model), []
        for example in example_layouts(pipeline.palette):
            labels = read_layout(example.file, pipeline.palette)
            requests = [
                SynthesisRequest(model=model, steps=STEPS, layout=labels, seed=seed)
                for seed in range(photos_per_layout)
            ]
            photos = [pipeline.synthesize(r).photo for r in requests]
            height, width = photos[0].shape[:2]
            shown = cv2.resize(pipeline.palette.colorize(labels), (width, height), interpolation=cv2.INTER_NEAREST)
            row = np.concatenate([shown, *photos], axis=1)
            rows.append(cv2.resize(row, None, fx=256 / height, fy=256 / height, interpolation=cv2.INTER_AREA))
        Image.fromarray(np.concatenate(rows)).save(HERE / f"{model}.jpg", quality=90)


if __name__ == "__main__":
    main()
