"""How surely class ids in another order are recognised: each mask of a folder, written in each order and read again.

    python -m benchmarks.reading celebamask_hq DIR/faces/masks

The masks are read as grey ids under a name that says nothing. "wrong" is a mask that is read in another order without a
word of doubt.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from semflow_core.method.palette import load_palette
from semflow_core.pictures.foreign import ids_keys, translate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("palette")
    parser.add_argument("masks", type=Path, help="a folder of PNGs whose pixel values are the palette's ids")
    parser.add_argument("--last", type=int, default=0, metavar="N", help="only the last N in sorted order")
    args = parser.parse_args()
    palette = load_palette(args.palette)
    masks = [np.asarray(Image.open(p)) for p in sorted(args.masks.glob("*.png"))[-args.last :]]
    print(f"{len(masks)} masks of {palette.name}")
    for key in ids_keys(palette):
        convention = next((c for c in palette.foreign.ids if c.key == key), None)
        table = np.arange(256)
        if convention is not None:
            table = np.zeros(256, np.int64)
            table[[ours for _, ours in convention.classes]] = [theirs for theirs, _ in convention.classes]
        ours = np.zeros(256, bool)
        ours[[c.id for c in palette.classes] if convention is None else [c for _, c in convention.classes]] = True
        counts = dict.fromkeys(("right", "right, with a doubt", "in doubt", "wrong"), 0)
        for mask in masks:
            mask = np.where(ours[mask], mask, palette.background)  # what the order has no id for
            result = translate(table[mask], palette, "")
            right = np.array_equal(result.labels, mask)
            counts[
                ("right, with a doubt" if right else "in doubt") if result.uncertain else "right" if right else "wrong"
            ] += 1
        print(f"{key:12} " + ", ".join(f"{kind} {count}" for kind, count in counts.items()))


if __name__ == "__main__":
    main()
