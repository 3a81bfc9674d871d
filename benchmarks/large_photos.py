"""What a photo of 40 megapixels costs a running studio, through every format.

    python app.py &
    python -m benchmarks.large_photos [--url http://127.0.0.1:7860/]

The photos (7300x5400, drawn from seeded noise) go to /segment of a studio on this machine. Printed are the size of each
file, the seconds and the most memory of the server above what it had before, sampled every 10 ms.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from .load import process_at

SIZE = 7300, 5400
FORMATS: dict[str, tuple[str, dict[str, Any]]] = {  # name of the file -> mode, and how it is written
    "a.jpg": ("RGB", {"quality": 85}),
    "cmyk.jpg": ("CMYK", {"quality": 80}),
    "a.png": ("RGBA", {}),
    "16bit.png": ("I;16", {}),
    "a.webp": ("RGB", {"quality": 80, "method": 0}),
    "a.avif": ("RGB", {"speed": 10}),
    "a.heic": ("RGB", {"quality": 60}),
    "a.jp2": ("RGB", {"quality_mode": "rates", "quality_layers": [20]}),
    "a.tif": ("RGB", {"compression": "tiff_lzw"}),
    "a.bmp": ("P", {}),
}


def photo(mode: str) -> Image.Image:
    """Blocks of noise, which a lossless format packs well."""
    noise = np.random.default_rng(0).integers(0, 255, (54, 73, 4), np.uint8)
    if mode == "I;16":
        large = Image.fromarray(noise[..., 0]).resize(SIZE, Image.Resampling.NEAREST)
        return Image.fromarray(np.asarray(large).astype(np.uint16) * 257)
    large = Image.fromarray(noise).resize(SIZE, Image.Resampling.NEAREST)
    return large if mode == "RGBA" else large.convert("RGB").convert(mode)


@contextmanager
def most_memory(url: str) -> Iterator[list[float]]:
    """Megabytes of the server before, and the most while the block runs."""
    process, ended = process_at(url), threading.Event()
    if process is None:
        raise SystemExit(f"no process of this machine listens at {url}; start `python app.py` here first")
    megabytes = [process.memory_info().rss / 2**20] * 2

    def watch() -> None:
        while not ended.wait(0.01):
            megabytes[1] = max(megabytes[1], process.memory_info().rss / 2**20)

    thread = threading.Thread(target=watch)
    thread.start()
    yield megabytes
    ended.set()
    thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:7860/")
    args = parser.parse_args()
    with contextlib.suppress(ImportError):
        import pillow_heif  # the studio itself only reads HEIC

        pillow_heif.register_heif_opener()
    client = Client(args.url, verbose=False)
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.png"
        photo("RGB").resize((365, 270)).save(small)
        client.predict(handle_file(str(small)), api_name="/segment")  # the model is loaded
        for name, (mode, options) in FORMATS.items():
            file = Path(folder) / name
            try:
                photo(mode).save(file, **options)
            except (OSError, KeyError, ValueError) as error:
                print(f"{name:10} cannot be written here ({str(error)[:60]})")
                continue
            started, said = time.perf_counter(), ""
            with most_memory(args.url) as megabytes:
                try:
                    client.predict(handle_file(str(file)), api_name="/segment")
                except Exception as error:
                    said = f"  {str(error)[:100]}"
            seconds = time.perf_counter() - started
            size = file.stat().st_size / 2**20
            print(f"{name:10} {size:5.1f} MB, {seconds:4.1f} s, {megabytes[1] - megabytes[0]:4.0f} MB above idle{said}")
            file.unlink()


if __name__ == "__main__":
    main()
