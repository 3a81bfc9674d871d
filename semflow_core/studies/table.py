"""A study's outcome: tables as markdown and JSON, and a sheet of pictures or a page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..evaluation.bootstrap import Estimate
from ..evaluation.report import plain
from ..evaluation.tables import format_figure, markdown
from ..pictures.files import write_atomically


@dataclass(frozen=True)
class Table:
    """Rows of figures by name; a figure that a row lacks becomes a dash."""

    title: str
    rows: list[dict[str, Any]]

    def markdown(self) -> str:
        heads = list(dict.fromkeys(name for row in self.rows for name in row))
        return f"**{self.title}**\n\n" + markdown(heads, [[_cell(row.get(h)) for h in heads] for row in self.rows])


@dataclass(frozen=True)
class Outcome:
    question: str
    about: str  # model, split, n, resolution, seed
    tables: list[Table]
    sheet: np.ndarray | None = field(default=None, repr=False)  # (H, W, 3) uint8
    page: str | None = field(default=None, repr=False)  # a page of HTML

    def markdown(self) -> str:
        return "\n\n".join([self.question, self.about, *(t.markdown() for t in self.tables)])

    def write(self, folder: Path, name: str) -> None:
        """Write NAME.md, NAME.json and, where there is a sheet or a page, NAME.jpg or NAME.html.

        Raises:
            InputError: the folder cannot be written to.
        """
        raw = {"question": self.question, "about": self.about, "tables": {t.title: plain(t.rows) for t in self.tables}}
        text = json.dumps(raw, indent=2, ensure_ascii=False) + "\n"
        write_atomically(folder / f"{name}.json", lambda p: p.write_text(text, encoding="utf-8"))
        write_atomically(folder / f"{name}.md", lambda p: p.write_text(self.markdown() + "\n", encoding="utf-8"))
        if self.page is not None:
            page = self.page
            write_atomically(folder / f"{name}.html", lambda p: p.write_text(page, encoding="utf-8"))
        if self.sheet is not None:
            image = Image.fromarray(self.sheet)
            write_atomically(folder / f"{name}.jpg", lambda p: image.save(p, quality=90))


def _cell(value: Any) -> str:
    if value is None or isinstance(value, Estimate):
        return format_figure(value)
    return f"{value:.3g}" if isinstance(value, float) else str(value)
