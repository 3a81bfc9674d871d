"""Colour spaces: a photo's ICC profile to sRGB, in which the model works, and back.

The intent is relative colorimetric with black point compensation, as in most programs that show photos.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from PIL import Image, ImageCms

NEARLY = 2  # a profile is sRGB's if no colour differs by more, in 0..255 units: rounding would only add noise
PROBE = np.stack(np.meshgrid(*[np.arange(0, 256, 51, dtype=np.uint8)] * 3), -1).reshape(1, -1, 3)  # (1, 216, 3)


@dataclass(frozen=True)
class ColorSpace:
    """The colour space of a file.

    Attributes:
        profile: its ICC profile as it stands in the file, b"" where there is none.
        mode: Pillow's name of its channels: RGB, L, CMYK or LAB.
    """

    profile: bytes
    mode: str

    @property
    def name(self) -> str:
        """What the profile calls itself."""
        if not self.profile:
            return self.mode
        return " ".join(ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(self.profile))).split())[:60]

    @cached_property
    def is_srgb(self) -> bool:
        """Whether its values are sRGB's."""
        if self.mode in ("CMYK", "LAB"):
            return False
        if not self.profile:
            return True
        if self.mode == "L":
            probe = np.arange(256, dtype=np.uint8)[None]
            return self._near(probe, np.dstack([probe] * 3))
        return self._near(PROBE, PROBE)

    def to_srgb(self, image: Image.Image) -> np.ndarray:
        """A picture in this space -> (H, W, 3) uint8 sRGB."""
        if self.is_srgb or not self.profile:
            return np.asarray(image.convert("RGB"))
        image = image.convert("RGB") if self.mode == "RGB" else image
        return np.asarray(ImageCms.applyTransform(image, _transforms(self.profile, self.mode)[0]))

    def from_srgb(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 sRGB -> the same in this space, which is one of RGB."""
        if self.is_srgb or not pixels.size:
            return pixels
        return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), _transforms(self.profile, self.mode)[1]))

    def _near(self, values: np.ndarray, shown: np.ndarray) -> bool:
        seen = np.asarray(ImageCms.applyTransform(Image.fromarray(values), _transforms(self.profile, self.mode)[0]))
        return int(np.abs(seen.astype(int) - shown).max()) <= NEARLY


@lru_cache(maxsize=16)
def _transforms(profile: bytes, mode: str) -> tuple[Any, Any]:
    """To sRGB, and back where the space is one of RGB."""
    icc, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    how, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    to = ImageCms.buildTransform(icc, srgb, mode, "RGB", how, flags)
    back = ImageCms.buildTransform(srgb, icc, "RGB", "RGB", how, flags) if mode == "RGB" else None
    return to, back


def color_space(profile: bytes, mode: str) -> ColorSpace:
    """The space of a file with an ICC profile, b"" for none, and pixels of a mode of Pillow's.

    A profile that is damaged, or for other channels than the file has, is left out, as viewers leave it out. Grey may
    have a profile of RGB, as cameras write it; Lab has no need of one.
    """
    channels = {"L": "L", "LA": "L", "1": "L", "CMYK": "CMYK", "LAB": "LAB"}.get(mode, "RGB")
    for tried in dict.fromkeys((channels, "RGB" if channels == "L" else channels)) if profile else ():
        space = ColorSpace(profile, tried)
        with contextlib.suppress(Exception):  # LittleCMS' errors have several types
            assert channels != "LAB" and space.name is not None and _transforms(profile, tried)
            return space
    return ColorSpace(b"", channels)
