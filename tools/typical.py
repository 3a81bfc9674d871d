"""Where the classes of a data set usually lie: what stands as `typical` in its palette's file.

    python -m tools.typical celebamask_hq DIR/faces/masks --leave 50

prints the lines for the JSON. The held-out pairs, the last in sorted order, are left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

from semflow_core.method.palette import load_palette
from semflow_core.pictures.typical import typical_shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("palette")
    parser.add_argument("masks", type=Path, help="a folder of PNGs whose pixel values are the palette's ids")
    parser.add_argument("--leave", type=int, default=0, metavar="N", help="leave out the last N in sorted order")
    args = parser.parse_args()
    paths = sorted(args.masks.glob("*.png"))
    shares = typical_shares(
        [np.asarray(Image.open(p)) for p in paths[: len(paths) - args.leave]], load_palette(args.palette)
    )
    lines = (f"    {json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in shares.items())
    print('  "typical": {\n' + ",\n".join(lines) + "\n  }")


if __name__ == "__main__":
    main()
