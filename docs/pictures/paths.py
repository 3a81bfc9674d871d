"""The README's animation: from layouts of our own to photos and back.  python -m docs.pictures.paths"""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from semflow_core import TrajectoryRequest, load_pipeline
from semflow_core.pictures.layouts import read_layout

HERE = Path(__file__).resolve().parent
LAYOUTS = {"long_hair": 3, "glasses": 1, "hat": 9}  # layout and seed, left to right
FRAMES, FADE, PAUSE = 21, 4, 12  # moments of a path, frames from colours to colours, frames at rest at either end
MILLISECONDS = 70


def main() -> None:
    pipeline, paths = load_pipeline("faces"), []
    for name, seed in LAYOUTS.items():
        labels = read_layout(HERE.parents[1] / "assets" / "layouts" / f"{name}.png", pipeline.palette)
        request = TrajectoryRequest(model="faces", steps=8, layout=labels, seed=seed, frames=FRAMES)
        frames = pipeline.trajectory(request).frames[::-1]  # from the layout (t=1) to the photo (t=0)
        frames = np.stack([cv2.resize(f, labels.shape[::-1], interpolation=cv2.INTER_AREA) for f in frames])
        painted = pipeline.palette.colorize(labels)  # in the palette's colours, not in the codebook's
        share = np.linspace(0, 1, FADE, endpoint=False)[:, None, None, None]
        paths.append(np.concatenate([painted + share * (frames[0] - painted.astype(float)), frames]))
    way = np.concatenate(paths, axis=2).round().astype(np.uint8)
    last = len(way) - 1
    order = [*[0] * PAUSE, *range(last), *[last] * PAUSE, *reversed(range(1, last))]
    first, *others = [Image.fromarray(way[i]) for i in order]
    first.save(
        HERE / "paths.webp", save_all=True, append_images=others, duration=MILLISECONDS, loop=0, quality=80, method=6
    )


if __name__ == "__main__":
    main()
