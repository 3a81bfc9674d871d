"""Tables for the terminal and for docs/, which read the same, and estimates in JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .bootstrap import Estimate


def markdown(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A markdown table with aligned columns."""
    cells = [list(heads), *([str(c) for c in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *lines[1:]])


def shown(figure: Estimate | None) -> str:
    """A figure with its interval, in as many digits as its size deserves."""
    if figure is None:
        return "-"
    return format(figure, ".1f" if abs(figure.value) >= 10 else ".2f")


def plain(value: Any) -> Any:
    """What JSON takes: estimates as {value, low, high}, nan as null."""
    if isinstance(value, Estimate):
        return {k: plain(v) for k, v in value._asdict().items()}
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return None if value != value else round(value, 5)
    return value
