"""The settings that every study is run with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..method.limits import DEFAULT_MODEL, DEFAULT_STEPS
from ..method.perturbation import MAX_SEED


@dataclass(frozen=True)
class StudySettings:
    """Raises InputError where a number is out of bounds.

    Attributes:
        config: a training configuration: its development split is measured on, and training studies train it.
        out: folder of the results, and of the runs of training studies.
        overrides: settings of the configuration, as of `train`, for all variants of a training study.
        model: name or folder of the model that the other studies measure.
        extra: folders in which models are looked for, too.
        device: torch device of that model.
        n: number of pairs, from the start of the development split.
        seed: layout i is perturbed with seed + i; also the seed of the bootstrap.
        batch: pictures computed at once.
        diverse: number of layouts that are synthesised with 8 seeds each; 0 leaves diversity out.
        steps: solver steps of the studies that show photos.
        against: what `preference` compares photos with: a model's name or folder, "decoded" or "real".
        answers: files of answers that `preference` evaluates, instead of writing its page.
    """

    config: Path
    out: Path
    overrides: tuple[str, ...] = ()
    model: str = DEFAULT_MODEL
    extra: tuple[Path, ...] = ()
    device: str = "cpu"
    n: int = 50
    seed: int = 0
    batch: int = 8
    diverse: int = 4
    steps: int = DEFAULT_STEPS
    against: str = "real"
    answers: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.n < 2:
            raise InputError(f"a study compares sets of photos: it needs at least 2 pairs, not {self.n}")
        if not 0 <= self.seed <= MAX_SEED:
            raise InputError(f"the seed is {self.seed}; it must be from 0 to {MAX_SEED}")
