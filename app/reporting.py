"""Progress of a piece of work, as the page shows it: a line on the photo, and the time that is left."""

from __future__ import annotations

import time

import gradio as gr

from semflow_core.pipeline.progress import Progress

LONG = 2.0  # seconds that must be left before they are said


def report_to(progress: gr.Progress, what: str, last: str = "Drawing the pictures") -> Progress:
    """What a piece of work calls at each of its steps.

    Args:
        progress: Gradio's, of the event that the work belongs to; outside of an event it shows nothing.
        what: what is said of the work, and `last` once its steps are done.
    """
    started = time.perf_counter()
    progress(0, desc=what)

    def report(done: int, total: int) -> None:
        progress((done, total), desc=(what if done < total else last) + time_left(started, done, total), unit="steps")

    return report


def time_left(started: float, done: int, total: int) -> str:
    """ ", about 5 s left", or "" where it is little or unknown; `started` is of `time.perf_counter`."""
    if done < 1:
        return ""
    left = (time.perf_counter() - started) / done * (total - done)
    return f", about {left:.0f} s left" if left >= LONG else ""
