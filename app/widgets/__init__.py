"""The app's own components, a folder each: Python, html, css and js."""

from .classes import Classes
from .gallery import Gallery
from .keeper import Keeper
from .line import Line
from .pad import Pad
from .painter import Painter
from .player import Player
from .strip import Strip

__all__ = ["Classes", "Gallery", "Keeper", "Line", "Pad", "Painter", "Player", "Strip"]
