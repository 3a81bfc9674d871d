"""What pictures of 40 megapixels cost a studio: photos through every format, layouts, edits and the whole photo saved.

    python -m benchmarks.large_photos [--url http://127.0.0.1:7860/] [--only edit]

The pictures (7300x5400, drawn from seeded noise and from a layout that ships) go to a studio that is started for it, or
to a running one of this machine. Printed are the size of each file, the seconds and the most memory of the server above
what it had before, sampled every 10 ms. The whole photo is saved in Chromium, where Playwright is installed.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import LAYOUT_DIR, read_layout

from .studio import chromium, most_memory, studio

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


def layouts(folder: Path) -> Iterator[Path]:
    """The same layout in several kinds of file."""
    palette = load_palette("celebamask_hq")
    ids = Image.fromarray(read_layout(LAYOUT_DIR / "hat.png", palette)).resize(SIZE, Image.Resampling.NEAREST)
    colors = Image.fromarray(palette.colorize(np.asarray(ids)))
    for name, image in (("colours.png", colors), ("colours.jpg", colors), ("grey.png", ids), ("index.png", ids)):
        if name == "index.png":
            image.putpalette(palette.color_of_id.tobytes())
        image.save(folder / name)
        yield folder / name


class Table:
    """What is asked of one studio, a printed line per request."""

    def __init__(self, url: str, only: str) -> None:
        self.url, self.only, self.client = url, only, Client(url, verbose=False)

    def wants(self, what: str) -> bool:
        return self.only in what

    def ask(self, what: str, file: Path, ask: Callable[[], Any]) -> Any:
        """One request about a file -> its answer; None where it was refused."""
        started, said, answer = time.perf_counter(), "", None
        with most_memory(self.url) as megabytes:
            try:
                answer = ask()
            except Exception as error:
                said = f"  {str(error)[:100]}"
        seconds, size = time.perf_counter() - started, file.stat().st_size / 2**20
        above = megabytes[1] - megabytes[0]
        print(f"{what:28} {size:5.1f} MB, {seconds:5.1f} s, {above:4.0f} MB above idle{said}", flush=True)
        return answer

    def call(self, api_name: str, file: Path, *more: Path) -> Any:
        """An endpoint's answer to files."""
        what = f"{api_name} {file.name}"
        pictures = [handle_file(str(f)) for f in (file, *more)]
        return self.ask(what, file, lambda: self.client.predict(*pictures, api_name=api_name))


def save_whole(table: Table, file: Path) -> None:
    """Open a photo in a page, and save the whole of it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"]).new_page()
        page.set_default_timeout(180_000)
        page.goto(table.url)
        page.wait_for_selector("#photo img")

        def open_it() -> None:
            page.set_input_files("#open input[type=file] >> nth=0", str(file))
            page.wait_for_selector("#whole-photo", state="attached")

        def save_it() -> None:
            with page.expect_download() as download:
                page.evaluate("document.querySelector('#whole-photo').click()")
            assert download.value.path()

        table.ask(f"opened {file.name}", file, open_it)
        table.ask(f"whole {file.name} saved", file, save_it)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="", help="a running studio of this machine; one is started without it")
    parser.add_argument("--only", default="", help="only what has this in its line: /segment, .jpg, edit, saved")
    args = parser.parse_args()
    with contextlib.suppress(ImportError):
        import pillow_heif  # the studio itself only reads HEIC

        pillow_heif.register_heif_opener()
    with tempfile.TemporaryDirectory() as name, studio(args.url) as url:
        folder, table = Path(name), Table(url, args.only)
        small = folder / "small.png"
        photo("RGB").resize((365, 270)).save(small)
        for api_name, files in (("/segment", [small]), ("/read", [small]), ("/edit", [small, LAYOUT_DIR / "hat.png"])):
            with contextlib.suppress(Exception):  # the model is loaded, and its networks have their memory
                table.client.predict(*[handle_file(str(f)) for f in files], api_name=api_name)
        for name, (mode, options) in FORMATS.items():
            if not table.wants(f"/segment {name}"):
                continue
            try:
                photo(mode).save(folder / name, **options)
            except (OSError, KeyError, ValueError) as error:
                print(f"{name:28} cannot be written here ({str(error)[:60]})")
                continue
            table.call("/segment", folder / name)
        for file in layouts(folder):
            for api_name in ("/read", "/synthesize", "/variations"):
                if table.wants(f"{api_name} {file.name}"):
                    table.call(api_name, file)
        for name in ("a.jpg", "a.png"):
            photo(FORMATS[name][0]).save(folder / name, **FORMATS[name][1])
            if table.wants(f"/edit {name}"):
                table.call("/edit", folder / name, folder / "index.png")
            if table.wants(f"whole {name} saved"):
                with contextlib.suppress(ImportError):
                    save_whole(table, folder / name)


if __name__ == "__main__":
    main()
