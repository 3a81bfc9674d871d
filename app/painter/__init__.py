"""The class-id canvas."""

from .painter import Painter, painter_props, sentence

__all__ = ["Painter", "painter_props", "sentence"]
