"""The player: all pictures of a path go to the browser once; moving along the path asks the server nothing."""

from __future__ import annotations

from typing import Any

from gradio.data_classes import FileData
from gradio.processing_utils import save_img_array_to_cache

from ...state.film import Film
from ..base import Widget


class Player(Widget):
    """A film between two ends, such as photo (left, t=0) and layout (right, t=1), over the photo.

    Its value is a `Film`, or None for nothing yet. Events: `want` when the path of the photo shown is wanted, `stop`
    when what is being computed is not; and with data that are attributes of the gr.EventData: `predict` {request} when
    a view is wanted that the film does not have, `save` {request, view, timeline, there_and_back, seconds, format}.
    """

    def __init__(self, value: Film | None = None, **props: Any) -> None:
        """
        Args:
            props: `draft`, what is said over a photo that is only a draft, `before`, the URL of the photo that edits
                are compared with, "" for none, `empty`, whether there is no photo because nothing is drawn, `labelled`,
                whether the photo is one of a set that is labelled, and what every component takes (elem_id, ...).
        """
        super().__init__(value, **{"draft": "", "before": "", "empty": False, "labelled": False, **props})

    def postprocess(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, value: Film | None
    ) -> dict[str, Any] | None:
        """Pictures as files in Gradio's cache, which it serves and in time deletes."""
        if value is None:
            return None
        # WebP because thirty PNGs of noise near t=1 are megabytes; nothing is computed from these files
        views = {
            name: [
                FileData(path=save_img_array_to_cache(f, self.GRADIO_CACHE, format="webp")).model_dump() for f in frames
            ]
            for name, frames in value.views.items()
        }
        return {
            "request": value.request,
            "places": list(value.places),
            "views": views,
            "timelines": value.timelines,
            "ends": list(value.ends),
            "predictable": value.predictable,
        }

    def api_info(self) -> dict[str, Any]:
        """Places and the pictures' files."""
        return {"type": "object", "description": "places 0..1, and a file for each in every view"}
