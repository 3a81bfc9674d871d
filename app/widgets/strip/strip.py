"""The history strip. What it keeps is in the browser's localStorage and nowhere else."""

from __future__ import annotations

from typing import Any

from ..base import Widget

MAX_STATES = 24
MAX_CHARACTERS = 2_000_000  # most of the stored history; a browser gives each site some five million


class Strip(Widget):
    """Small pictures of earlier states.

    Set the prop `entry` to {link, picture, title, how} to add a state: its link (state/links.py), a picture's URL, what
    it is called, and everything but its layout as a text (states that differ in their layouts only and come shortly
    after each other are one). Events, whose data are attributes of the gr.EventData: `restore` {link}, `animate`
    {link}, `address` when a link to the present state is wanted (not "share": that is an event of Gradio's own).
    """

    def __init__(self, **props: Any) -> None:
        """
        Args:
            props: what every component takes (elem_id, ...).
        """
        super().__init__(None, **{"entry": None, "kept": MAX_STATES, "characters": MAX_CHARACTERS, **props})
