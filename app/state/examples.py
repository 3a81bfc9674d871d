"""What a visit can start from: the layouts and photos that ship with the project."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from semflow_core.assets import asset
from semflow_core.method.palette import Palette
from semflow_core.pictures.layouts import Example, example_layouts, read_layout

from .photos import data_url, fit_layout, png_bytes, underlay_url

CARD_HEIGHT = 192  # rows of the gallery's pictures: two for each pixel of the page


def load_examples(palette: Palette, width: int, height: int) -> list[tuple[str, np.ndarray]]:
    """(title, class ids (height, width) uint8) of every example layout of a palette; may be none."""
    return [
        (example.title, fit_layout(read_layout(example.file, palette), width, height)[0])
        for example in example_layouts(palette)
    ]


def first_layout(palette: Palette, width: int, height: int) -> np.ndarray:
    """What is on the canvas at start: the first example, or all background where a palette has none."""
    examples = load_examples(palette, width, height)
    return examples[0][1] if examples else blank_layout(palette, width, height)


def blank_layout(palette: Palette, width: int, height: int) -> np.ndarray:
    """An empty canvas: all background, (height, width) uint8."""
    return np.full((height, width), palette.background, np.uint8)


def example_photos(palette: Palette) -> list[Example]:
    """The photos to try reading and editing on, in the order of their index; may be none."""
    folder: Path = asset("photos")
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    return [Example(entry["title"], folder / entry["file"]) for entry in index.get(palette.name, [])]


def layout_card(palette: Palette, labels: np.ndarray) -> str:
    """The URL of a small picture of a layout, in the palette's colours."""
    size = round(CARD_HEIGHT * labels.shape[1] / labels.shape[0]), CARD_HEIGHT
    small = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return data_url(png_bytes(palette.colorize(small)), "image/png")


def photo_card(file: Path) -> str:
    """The URL of a small picture of a photo."""
    with Image.open(file) as photo:
        width = round(CARD_HEIGHT * photo.width / photo.height)
        return underlay_url(np.asarray(photo.convert("RGB").resize((width, CARD_HEIGHT))))
