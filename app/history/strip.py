"""The strip's component. What it keeps is in the browser's localStorage and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

HERE = Path(__file__).parent
KEPT = 24  # states
KEPT_CHARACTERS = 2_000_000  # of some five million that a site may keep


class Strip(gr.HTML):
    """Small pictures of earlier states.

    Set the prop `entry` to {link, picture, title, how} to add a state: its link (app/links.py), a picture's URL, what
    it is called, and everything but its layout as a text (states that differ in their layouts only and come shortly
    after each other are one). Events, whose data are attributes of the gr.EventData: `restore` {link}, `animate`
    {link}, `address` when a link to the present state is wanted (not "share": that is an event of Gradio's own).
    """

    def __init__(self, **props: Any) -> None:
        """
        Args:
            props: what every component takes (elem_id, ...).
        """
        super().__init__(
            None,
            html_template=(HERE / "strip.html").read_text(encoding="utf-8"),
            css_template=(HERE / "strip.css").read_text(encoding="utf-8"),
            js_on_load=(HERE / "strip.js").read_text(encoding="utf-8"),
            apply_default_css=False,
            **{"entry": None, "kept": KEPT, "characters": KEPT_CHARACTERS, **props},
        )
