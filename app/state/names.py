"""Readable names: of classes, as palettes keep the data sets' own, which are short; of files, which may be long."""

from __future__ import annotations

import re

# name in the palette -> (shown, tooltip). Left and right are the person's own, as the data set has them.
READABLE = {
    "eye_g": ("glasses", ""),
    "l_eye": ("left eye", "the person's left eye: on the right of the picture"),
    "r_eye": ("right eye", "the person's right eye: on the left of the picture"),
    "l_brow": ("left brow", "the person's left brow: on the right of the picture"),
    "r_brow": ("right brow", "the person's right brow: on the left of the picture"),
    "l_ear": ("left ear", "the person's left ear: on the right of the picture"),
    "r_ear": ("right ear", "the person's right ear: on the left of the picture"),
    "mouth": ("mouth", "the open mouth between the lips, teeth included"),
    "u_lip": ("upper lip", ""),
    "l_lip": ("lower lip", ""),
    "ear_r": ("earring", ""),
    "neck_l": ("necklace", ""),
    "cloth": ("clothes", ""),
}

# what a person wears behind all classes with a mirror partner: eyes and brows stay to be seen
BEHIND_PAIRS = ("eye_g",)


def readable(name: str) -> dict[str, str]:
    """`name` to show and `hint` for the tooltip of one class."""
    shown, hint = READABLE.get(name, (name.replace("_", " "), ""))
    return {"name": shown, "hint": hint}


# a palette's name by itself: not in a file's name (12_cloth.png), nor where it is to be typed (17=cloth)
_NAME = re.compile(rf"(?<![\w=/.-])({'|'.join(READABLE)})(?!\w|[=-]|\.\w)")


def in_words(text: str) -> str:
    """A sentence of the core's with the class names that the page shows: "cloth 8 %" -> "clothes 8 %"."""
    return _NAME.sub(lambda name: READABLE[name[1]][0], text)


LONG = 32  # characters of a name in a line that says more


def in_short(name: str) -> str:
    """A name without its middle if it is long: its end tells photos of one series apart."""
    return name if len(name) <= LONG else f"{name[: LONG // 2]}…{name[1 - LONG // 2 :]}"
