"""The parts of the page: each has its components, its handlers and its own wiring. What crosses is in wiring.py."""

from .appearance import AppearanceTab
from .check import CheckTab
from .edit import EditTab
from .history import HistoryStrip
from .keep import Keeping
from .keep_set import SetKeeping
from .label import LabelTab
from .model import ModelMenu
from .open_save import OpenSave
from .paint import PaintPanel
from .path import PathPanel
from .region_acts import RegionActs
from .share import ShareRow
from .start import StartTab
from .variations import VariationsTab

__all__ = [
    "AppearanceTab",
    "CheckTab",
    "EditTab",
    "HistoryStrip",
    "Keeping",
    "LabelTab",
    "ModelMenu",
    "OpenSave",
    "PaintPanel",
    "PathPanel",
    "RegionActs",
    "SetKeeping",
    "ShareRow",
    "StartTab",
    "VariationsTab",
]
