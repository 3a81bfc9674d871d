"""The page's texts in other languages: one file per language in texts/, from the English text to its translation.

Not gr.I18n: that one takes keys in the props of Gradio's components, which are a third of the texts; the widgets, the
class names and the sentences with figures are the others. In a text, {} stands for what changes; it is translated, too.
"""

from __future__ import annotations

import json
from pathlib import Path

from semflow_core.texts import read_text

TEXTS = Path(__file__).parent / "texts"
SCRIPT = Path(__file__).parent / "web" / "language.js"


def languages() -> dict[str, dict[str, str]]:
    """The texts of each language but English: code -> English -> translation."""
    return {file.stem: json.loads(read_text(file)) for file in sorted(TEXTS.glob("*.json"))}


def language_script() -> str:
    """What the page runs first: it shows the texts in the browser's language."""
    texts = json.dumps(languages(), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f"{read_text(SCRIPT).rstrip()}({texts});"
