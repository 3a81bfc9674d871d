"""The configuration for a set of one's own: what `train` needs to know of a folder of pairs and of its label set.

It starts from the shipped faces: their codec, their backbone, which keeps all but its segmentation head, and their
U-Net. Edges and light are much the same anywhere, and no further package is needed.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import yaml

from ..errors import InputError
from ..method.palette import Palette
from ..method.palette_file import PALETTE_FILE
from ..texts import read_text

FEWEST, MOST_HELD_OUT = 2, 50  # pairs
BACKBONE_SHARE = 0.25  # of the minutes
COPIES, MOST_COPIES = 1800, 20  # encoded pictures in all, and copies of a pair
# measured with the drawn set of docs/own_data.md on two CPU cores that other programs used, too
ENCODED_PER_MINUTE = 1600  # pictures
REPORT_MINUTES = 1.0  # both stages' figures at their ends
CONFIG_FILE = "train.yaml"
MARK = "# As semflow data configure wrote it: "  # and a digest of what follows
MOST_MINUTES = 7 * 24 * 60.0


@dataclass(frozen=True)
class OwnSet:
    """A folder of pairs that a model is to be trained on.

    Attributes:
        folder: where it lies, seen from where the training is started; it holds images/, masks/ and palette.json.
        pairs: how many it holds.
        minutes: of training, for both stages together.
    """

    folder: str
    palette: Palette
    pairs: int
    minutes: float = 60.0

    def __post_init__(self) -> None:
        if self.pairs < FEWEST:
            raise InputError(
                f"the set has {_count(self.pairs, 'pair')}; training needs {FEWEST}, one of them to report on"
            )
        if not 1 <= self.minutes <= MOST_MINUTES:
            raise InputError(f"the training has {self.minutes:g} minutes; it must have 1 to {MOST_MINUTES:g}")

    @property
    def held_out(self) -> int:
        """Pairs to report on: a tenth."""
        return max(1, min(MOST_HELD_OUT, self.pairs // 10))

    @property
    def copies(self) -> int:
        """Augmented copies of each other pair: more of few."""
        return max(1, min(MOST_COPIES, round(COPIES / (self.pairs - self.held_out))))

    @property
    def encoding_minutes(self) -> float:
        """An estimate of the time until the first step."""
        return (self.pairs - self.held_out) * self.copies / ENCODED_PER_MINUTE

    @property
    def stage_minutes(self) -> dict[str, float]:
        """The budget of each stage; encoding counts among the first one's."""
        backbone = BACKBONE_SHARE * self.minutes
        return {"backbone": round(backbone + self.encoding_minutes, 1), "flow": round(self.minutes - backbone, 2)}

    @property
    def hours(self) -> float:
        """An estimate of the whole run."""
        return (sum(self.stage_minutes.values()) + REPORT_MINUTES) / 60

    def command(self) -> str:
        """What starts the training, in the folder of this repository."""
        return f"python -m semflow_core train {shlex.quote(f'{self.folder}/{CONFIG_FILE}')}"

    @property
    def name(self) -> str:
        """The folder's own name, also of "." and ".."."""
        return Path(os.path.abspath(self.folder)).name or "set"

    def explanation(self) -> str:
        """How long it takes, and what that is based on."""
        backbone, flow = self.stage_minutes.values()
        encoded = (self.pairs - self.held_out) * self.copies
        return (
            f"About {_duration(self.hours * 60)} on two CPU cores: budgets of {_duration(backbone)} for the backbone "
            f"(in which {encoded:,} pictures are encoded first) and of {_duration(flow)} for the flow, which end a "
            f"stage on any machine, and a minute for the figures on {_count(self.held_out, 'held-out pair')}."
        )

    def configuration(self) -> str:
        """The YAML that `read_plan` reads."""
        k, s = grid_of(len(self.palette.classes))
        settings = {
            "stages": ["backbone", "flow"],
            "out": f"runs/{self.name}",
            "data": ".",
            "latents": {
                "codec": "assets/models/codec",
                "domain": {
                    "palette": f"{self.folder}/{PALETTE_FILE}",
                    "folder": self.folder,
                    "held_out": self.held_out,
                    "k": k,
                    "s": s,
                },
                "beta": round(0.32 * s, 1),
                "spectrum": "regional",
                "appearance": True,
                "copies": self.copies,
                "augment": {"rotate": 4, "scale": 0.2, "shift": 0.06, "colour": 0.12},
                "sloppy": 0.1,
            },
            "optim": {"steps": 100000, "batch": 8, "lr": 7.0e-4, "warmup": 20, "decay": 0.6, "checkpoint_minutes": 8},
            "backbone": {
                "init": "assets/models/faces/unet",
                "optim": {"minutes": self.stage_minutes["backbone"]},
            },
            "flow": {
                "init": "assets/models/faces/unet",
                "time_sampling": "u_shaped",
                "endpoint": {"weight": 1.0, "power": 0.5, "samples": 2},
                "off_path": {"samples": 2},
                "photo_reading": {"weight": 0.3, "samples": 2},
                "optim": {"minutes": self.stage_minutes["flow"]},
            },
        }
        head = (
            f"# {self.pairs} pairs of {len(self.palette.classes)} classes, the last {self.held_out} held out:\n"
            f"#   {self.command()}\n"
            "# in the folder of the repository, with this folder in it. The model is flow/export in `out`.\n"
            "# docs/training.md explains the keys; minutes may be changed, also to go on.\n"
        )
        text = head + yaml.safe_dump(settings, sort_keys=False, width=110, default_flow_style=None, allow_unicode=True)
        return f"{MARK}{_digest(text)}\n{text}"


def is_edited(file: Path) -> bool:
    """Whether a configuration is there that is not as `OwnSet.configuration` wrote it."""
    if not file.exists():
        return False
    first, _, rest = read_text(file).partition("\n")
    return first != f"{MARK}{_digest(rest)}"


def settings_in(text: str) -> tuple[str, float | None]:
    """The set's name and minutes of training in a configuration as `OwnSet.configuration` writes it, its minutes
    perhaps changed; "" and None where it is none.
    """
    try:
        settings = yaml.safe_load(text)
        folder, minutes = settings["latents"]["domain"]["folder"], settings["flow"]["optim"]["minutes"]
        budget = float(minutes) / (1 - BACKBONE_SHARE)
    except (yaml.YAMLError, RecursionError, KeyError, TypeError, ValueError):
        return "", None
    return Path(str(folder)).name, round(budget, 1) if 1 <= budget <= MOST_MINUTES else None


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def grid_of(classes: int) -> tuple[int, int]:
    """k and s of a codebook: the widest grid that has an anchor for each class, as `Codebook` wants them."""
    k = 3
    while k**3 < classes:
        k += 1
    return k, min(125, 255 // (k - 1))


def _duration(minutes: float) -> str:
    """ "9 minutes", "1.5 hours"."""
    if minutes >= 90:
        return f"{minutes / 60:.2g} hours"
    return _count(max(1, round(minutes)), "minute")


def _count(number: int, noun: str) -> str:
    """ "1 pair", "2 pairs"."""
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"
