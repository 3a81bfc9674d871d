"""docs/own_data.md's grid: drawn pairs that a model trained on drawn pairs has not seen.

    python -m docs.pictures.drawn runs/drawn/flow/export

Rows: photos, their layouts, two syntheses of each layout, and what the model reads in the photos.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from semflow_core import SynthesisRequest, load_pipeline
from tools.drawn import draw

HERE = Path(__file__).resolve().parent
PAIRS, SEED = (1, 2, 3, 4, 7, 8), 1  # the data set's own seed is 0
STEPS = 8
SIDE = 192  # pixels of a picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a model folder")
    pipeline = load_pipeline(parser.parse_args().model)
    columns = []
    for number in PAIRS:
        photo, labels = draw(number, SEED)
        requests = [SynthesisRequest(steps=STEPS, layout=labels, seed=seed) for seed in (0, 1)]
        read = pipeline.segment(pipeline.read_request(photo)).labels
        color = pipeline.palette.colorize
        columns.append([photo, color(labels), *(pipeline.synthesize(r).photo for r in requests), color(read)])
    rows = [
        np.concatenate([np.asarray(Image.fromarray(p).resize((SIDE, SIDE))) for p in row], 1) for row in zip(*columns)
    ]
    Image.fromarray(np.concatenate(rows)).save(HERE / "drawn.jpg", quality=86)


if __name__ == "__main__":
    main()
