"""The report of an evaluation as dataclasses, written to and read from JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, NamedTuple

from ..errors import InputError
from .bootstrap import Estimate

Figures = dict[str, Estimate]  # figures by the name that tables print

READER_STEPS = 2  # solver steps with which another model segments the syntheses


@dataclass(frozen=True)
class Scores:
    """Class ids against the annotations, in 0..100."""

    miou: Estimate  # mean IoU over the classes of the truth
    accuracy: Estimate  # share of pixels with the right class
    iou: dict[str, float | None]  # IoU by class name; None for a class that neither has
    foreground: Estimate | None = None  # mIoU with the background left out, where the palette has one


class MarginBin(NamedTuple):
    """The pixels whose margin is in one bin of the reliability curve, in 0..100."""

    pixels: float  # share of all pixels
    margin: float | None  # its mean; None where there is no pixel
    accuracy: float | None  # share of right pixels


@dataclass(frozen=True)
class Confidence:
    """What the margin of a segmentation says of its errors, in 0..100."""

    calibration_error: Estimate  # expected calibration error of the margin
    recall: Estimate  # share of the wrong pixels that are among the 10 % least sure
    precision: Estimate  # share of the 10 % least sure pixels that are wrong
    curve: tuple[MarginBin, ...]  # by margin, from 0 to 1 in bins of equal width


@dataclass(frozen=True)
class FullSize:
    """Segmentation against annotations of the photos' own size, in 0..100."""

    size: str  # of the photos: "512x512", or "several sizes"
    miou: Estimate
    boundary: Figures  # boundary F-score by tolerance
    foreground: Estimate | None = None  # as in `Scores`


@dataclass(frozen=True)
class Decoded:
    """Figures of the same syntheses as the codec decodes them, without the renderer."""

    cycle: Scores
    photos: Figures
    diversity: Figures
    read_by_other: Scores | None = None


@dataclass(frozen=True)
class Seconds:
    """Time per image."""

    segment: float
    synthesize: float


@dataclass(frozen=True)
class Row:
    """The figures at one number of solver steps."""

    steps: int
    n: int
    resolution: int
    segmentation: Scores  # photo -> layout
    cycle: Scores  # layout -> photo -> layout
    photos: Figures  # syntheses against the split's photos; empty without metrics
    diversity: Figures  # syntheses of one layout among each other; empty without metrics
    seconds: Seconds
    read_by_other: Scores | None = None  # the cycle, its photos segmented by the report's reader
    decoded: Decoded | None = None  # of a model with a renderer
    confidence: Confidence | None = None  # of segmentation
    full_size: FullSize | None = None  # segmentation at the photos' own size
    enlarged: FullSize | None = None  # the square's labels enlarged to that size; None where it is the square's


@dataclass(frozen=True, kw_only=True)
class Report:
    """A model's figures on a split."""

    model: str
    seed: int
    split: str = "pairs"  # a phrase that says which pairs
    mirror: bool = False  # how photos were segmented (SegmentationRequest)
    smooth: float = 0.0
    n: int  # number of pairs
    resolution: int
    codec_miou: Estimate  # the perturbed layouts after the codec alone
    train_photos: Figures = field(default_factory=dict)  # training photos against the split's
    codec_photos: Figures = field(default_factory=dict)  # the split's photos after the codec alone
    real_diversity: Figures = field(default_factory=dict)  # the split's photos among each other
    diversity_layouts: int = 0  # number of layouts that diversity is measured on
    reader: str | None = None  # name of another model that also segments the syntheses
    reader_miou: Estimate | None = None  # its mIoU on the split's photos
    rows: tuple[Row, ...]
    one_step_share: Estimate | None = None  # mIoU at one step over the best mIoU of all rows

    def to_json(self) -> str:
        """The report as text; estimates are {value, low, high}, nan is null, and absent parts have no key."""
        return json.dumps(plain(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The inverse of `to_json`, up to its rounding.

        Raises:
            InputError: the text is not a report.
        """
        try:
            raw = json.loads(text)
            for name in ("codec_miou", "reader_miou", "one_step_share"):
                raw[name] = raw[name] and _read_estimate(raw[name]) if name in raw else None
            for name in ("train_photos", "codec_photos", "real_diversity"):
                raw[name] = _read_figures(raw.get(name, {}))
            return cls(**raw | {"rows": tuple(_read_row(row) for row in raw["rows"])})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = f"{type(error).__name__}: {error}"
            raise InputError(f"this is no report of 'evaluate --json' ({reason})") from None


def plain(value: Any) -> Any:
    """A value as JSON has it: estimates as {value, low, high}, nan as null, floats with five decimals.

    A dataclass is a dictionary of its fields, without those that are None.
    """
    if is_dataclass(value):
        return {f.name: plain(v) for f in fields(value) if (v := getattr(value, f.name)) is not None}
    if isinstance(value, Estimate):
        return {k: plain(v) for k, v in value._asdict().items()}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return None if value != value else round(value, 5)
    return value


def _read_row(raw: dict[str, Any]) -> Row:
    parts = _read_syntheses(raw)
    parts |= {"seconds": Seconds(**raw["seconds"]), "segmentation": _read_scores(raw["segmentation"])}
    if "decoded" in raw:
        parts["decoded"] = Decoded(**_read_syntheses(raw["decoded"]))
    readers = {"confidence": _read_confidence, "full_size": _read_full_size, "enlarged": _read_full_size}
    return Row(**parts | {name: read(raw[name]) for name, read in readers.items() if name in raw})


def _read_syntheses(raw: dict[str, Any]) -> dict[str, Any]:
    figures = {name: _read_figures(raw[name]) for name in ("photos", "diversity")}
    return raw | figures | {name: _read_scores(raw[name]) for name in ("cycle", "read_by_other") if name in raw}


def _read_scores(raw: dict[str, Any]) -> Scores:
    return Scores(**_with_estimates(raw, "miou", "accuracy", "foreground"))


def _read_confidence(raw: dict[str, Any]) -> Confidence:
    curve: Any = tuple(MarginBin(*values) for values in raw["curve"])
    return Confidence(**_with_estimates(raw, "calibration_error", "recall", "precision") | {"curve": curve})


def _read_full_size(raw: dict[str, Any]) -> FullSize:
    boundary: Any = _read_figures(raw["boundary"])
    return FullSize(**_with_estimates(raw, "miou", "foreground") | {"boundary": boundary})


def _with_estimates(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same, with estimates under those of the names that it has."""
    return raw | {name: _read_estimate(raw[name]) for name in names if name in raw}


def _read_figures(raw: dict[str, Any]) -> Figures:
    return {name: _read_estimate(value) for name, value in raw.items()}


def _read_estimate(raw: dict[str, float | None]) -> Estimate:
    return Estimate(*(float("nan") if (x := raw[name]) is None else x for name in Estimate._fields))
