"""The canvas of class ids."""

from .painter import Painter, painter_props

__all__ = ["Painter", "painter_props"]
