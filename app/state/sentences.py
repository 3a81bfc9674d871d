"""Sentences of the interface that several parts of the page say."""

from __future__ import annotations

import html

import numpy as np

from semflow_core.method.palette import Palette

from .names import readable
from .regions import region_name


def sentence(error: Exception) -> str:
    """An error's message as it stands in the interface: a capital first, a full stop last. A file keeps its name."""
    text = str(error)
    first = text.split(" ", 1)[0]
    if "." in first or "/" in first:  # a file's name stays as it is
        return text.rstrip(".") + "."
    return text[:1].upper() + text[1:].rstrip(".") + "."


def as_html(text: str) -> str:
    """A text for Gradio's notices, which take it for HTML: what a visitor's files are called stays text."""
    return html.escape(text, quote=False)


def count_of(number: int, noun: str, nouns: str = "") -> str:
    """ "1 class", "8 classes"; `nouns` where the plural has more than an s."""
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"


def count_steps(steps: int) -> str:
    """ "1 step", "8 steps"."""
    return count_of(steps, "step")


def exchanged_sides(palette: Palette, labels: np.ndarray) -> str:
    """What to say of a layout whose left and right are exchanged; "" where they are not."""
    pairs = palette.exchanged(labels)
    if not pairs:
        return ""
    names = " and ".join(region_name(palette, left).replace(" + ", "/") for left, _ in pairs)
    return f" {names.capitalize()}: exchanged? A person's left is on the picture's right."


def of_one_class(palette: Palette, labels: np.ndarray) -> str:
    """What to say of a layout that is one class from edge to edge; "" where it has several, or is empty."""
    first = int(labels.flat[0])
    if first == palette.background or (labels != first).any():
        return ""
    name = readable(next(c.name for c in palette.classes if c.id == first))["name"]
    return f" One class, {name}, gives no clear photo: draw others."


def cropped_to(aspect: float) -> str:
    """What to say of a picture that was cropped to the canvas's width over height."""
    shape = "square" if aspect == 1 else f"{aspect:g}:1 part"
    return f" Cropped to its centred {shape}."
