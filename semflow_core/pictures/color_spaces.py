"""Colour spaces: a photo's ICC profile to sRGB, in which the model works, and back.

The intent is relative colorimetric with black point compensation, as in most programs that show photos.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property
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
        mode: Pillow's name of its channels: RGB, L or CMYK.
    """

    profile: bytes
    mode: str

    @cached_property
    def name(self) -> str:
        """What the profile calls itself."""
        if not self.profile:
            return self.mode
        return " ".join(ImageCms.getProfileDescription(self._icc).split())[:60]

    @cached_property
    def is_srgb(self) -> bool:
        """Whether its values are sRGB's."""
        if self.mode == "CMYK":
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
        return np.asarray(ImageCms.applyTransform(image, self._transforms[0]))

    def from_srgb(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 sRGB -> the same in this space, which is one of RGB."""
        if self.is_srgb or not pixels.size:
            return pixels
        return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), self._transforms[1]))

    def _near(self, values: np.ndarray, shown: np.ndarray) -> bool:
        seen = np.asarray(ImageCms.applyTransform(Image.fromarray(values), self._transforms[0]))
        return int(np.abs(seen.astype(int) - shown).max()) <= NEARLY

    @cached_property
    def _icc(self) -> Any:
        return ImageCms.ImageCmsProfile(io.BytesIO(self.profile))

    @cached_property
    def _transforms(self) -> tuple[Any, Any]:
        """To sRGB, and back where the space is one of RGB."""
        srgb, how = ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        to = ImageCms.buildTransform(self._icc, srgb, self.mode, "RGB", how, flags)
        back = ImageCms.buildTransform(srgb, self._icc, "RGB", "RGB", how, flags) if self.mode == "RGB" else None
        return to, back


def color_space(profile: bytes, mode: str) -> ColorSpace:
    """The space of a file with an ICC profile, b"" for none, and pixels of a mode of Pillow's.

    A profile that is damaged, or for other channels than the file has, is left out, as viewers leave it out.
    """
    channels = {"L": "L", "LA": "L", "1": "L", "CMYK": "CMYK"}.get(mode, "RGB")
    space = ColorSpace(profile, channels)
    if profile:
        try:
            assert space.name is not None and space._transforms
        except Exception:  # LittleCMS' errors have several types
            return ColorSpace(b"", channels)
    return space
