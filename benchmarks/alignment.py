"""How nearly faces return to the training crops' frame: held-out photos, pasted anywhere into larger pictures.

    python -m benchmarks.alignment [--data DIR] [--pairs 50]

Each photo is turned by up to 30 degrees, shrunk to 30 to 75 % of a larger picture's shorter side and pasted at random
into that picture of smooth noise. Errors are in sides of the crop, against the photo's own frame; the data are below
SEMFLOW_DATA.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from semflow_core.data.pairs import data_root, find_pairs
from semflow_core.pictures.align import align
from semflow_core.pictures.photos import read_photo


def pasted(photo: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A larger picture with the photo in it, and the (3, 3) matrix from the photo's unit square to the picture."""
    height, width = rng.integers(600, 1200, 2).tolist()
    noise = rng.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    picture = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    side = rng.uniform(0.3, 0.75) * min(height, width)
    angle = np.radians(rng.uniform(-30, 30))
    turn = side * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    centre = rng.uniform((side / 2, side / 2), (width - side / 2, height - side / 2))
    matrix = np.vstack([np.column_stack([turn, centre - turn @ (0.5, 0.5)]), [0, 0, 1]])
    of_pixels = (matrix @ np.diag([1 / photo.shape[1], 1 / photo.shape[0], 1.0]))[:2]
    cv2.warpAffine(photo, of_pixels, (width, height), dst=picture, borderMode=cv2.BORDER_TRANSPARENT)
    return picture, matrix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="data root (SEMFLOW_DATA)")
    parser.add_argument("--pairs", type=int, default=50, help="the last N photos in sorted order (50)")
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    photos = [read_photo(p.photo) for p in find_pairs(data_root(args.data) / "faces")[-args.pairs :]]
    stay = [align(photo) for photo in photos]
    print(f"{len(photos)} crops as they are: {sum(not a.changed for a in stay)} are left alone")
    eye_centres = np.array([[0.379, 0.477, 1], [0.621, 0.478, 1]]).T  # eyes of the mean training mask
    errors, scales, turns = [], [], []
    for photo in photos:
        picture, matrix = pasted(photo, rng)
        aligned = align(picture)
        if aligned.faces:
            back = aligned.matrix @ matrix / aligned.crop.shape[0]  # (2, 3): unit square to unit square, if all is well
            errors.append(np.hypot(*(back @ eye_centres - eye_centres[:2])).max())
            scales.append(np.hypot(*back[:, 0]))
            turns.append(np.degrees(np.arctan2(back[1, 0], back[0, 0])))
    print(f"pasted: {len(errors)} of {len(photos)} faces found")
    print("  farther eye, median / 90 % / most: " + " / ".join(f"{np.quantile(errors, q):.3f}" for q in (0.5, 0.9, 1)))
    print(f"  size {np.mean(scales):.3f} ± {np.std(scales):.3f}")
    print(f"  roll {np.mean(turns):.1f} ± {np.std(turns):.1f} degrees")


if __name__ == "__main__":
    main()
