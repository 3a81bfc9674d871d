"""What the browser keeps."""

from .keeper import Keeper

__all__ = ["Keeper"]
