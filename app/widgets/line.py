"""A line of text on the page. What a visitor's files are called stands in it as it is: never as markup."""

from __future__ import annotations

import re
from typing import Any

import gradio as gr

MARKUP = re.compile(r"[\\`*_\[\]<>&#$~|!]")  # what Markdown, HTML and formulas begin or end with


class Line(gr.Markdown):
    """A sentence; characters that Markdown would take for markup are shown."""

    def get_block_name(self) -> str:
        return "markdown"  # the page's own component

    def postprocess(self, value: Any) -> str | None:
        text = super().postprocess(value)
        return MARKUP.sub(r"\\\g<0>", text) if isinstance(text, str) else None
