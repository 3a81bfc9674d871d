"""The trajectory player."""

from .film import Film, film_of_morph, film_of_path
from .player import Player

__all__ = ["Film", "Player", "film_of_morph", "film_of_path"]
