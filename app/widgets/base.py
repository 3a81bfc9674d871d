"""The base of the app's own components: html, css and js files that stand beside a Python file of the same name."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import gradio as gr


class Widget(gr.HTML):
    """A component of its own folder: `painter/painter.py` has `painter.html`, `painter.css` and `painter.js` beside it.

    Events are what the script says with `trigger('name')`; they are bound as `widget.name(...)`.
    """

    SCRIPTS: ClassVar[tuple[str, ...]] = ()  # scripts to join instead, in this order, without ".js"; they share a scope

    def __init__(self, value: Any = None, **props: Any) -> None:
        """
        Args:
            props: what the script finds in `props`, and what every component takes (elem_id, ...).
        """
        html, css, js = _files(type(self))
        super().__init__(value, html_template=html, css_template=css, js_on_load=js, apply_default_css=False, **props)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def api_info(self) -> dict[str, Any]:
        """What the value is in JSON."""
        return {"type": "object"}

    def example_payload(self) -> Any:
        """A value as the browser sends it, None where the widget takes none."""

    def example_value(self) -> Any:
        """The same for Gradio's other question."""
        return self.example_payload()


@cache
def _files(kind: type[Widget]) -> tuple[str, str, str]:
    """(html, css, js) of a widget. They are read once: Gradio makes a component anew with every update."""
    file = Path(inspect.getfile(kind))
    html, css = (file.with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".html", ".css"))
    scripts = [file.with_name(f"{name}.js").read_text(encoding="utf-8") for name in kind.SCRIPTS or (file.stem,)]
    return html, css, "\n".join(scripts)
