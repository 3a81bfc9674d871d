"""The tab "Label": the line of buttons about a set and the photo on the canvas, and what it says of both."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from ..guard.limits import MAX_UPLOAD, MIB
from ..state.label_files import LONGEST
from ..state.label_set import MAX_LABELLED, MAX_SET, LabelSet
from ..widgets import Line

HINT = (
    f"Open photos, a folder, or a set that you saved: up to {MAX_LABELLED} photos and {MAX_SET // MIB} MB in a set, "
    f"{MAX_UPLOAD // MIB} MB at once; larger photos are reduced to {LONGEST} pixels. A model proposes each layout, you "
    "correct it on the canvas, and Enter goes on."
)


class LabelLine:
    """The buttons, and which of them there are."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="panel line", elem_id="label-line"):
            hidden: dict[str, Any] = {"size": "sm", "visible": False}
            self.back = gr.Button("Back", min_width=60, elem_id="label-back", **hidden)
            self.accept = gr.Button(
                "Accept (Enter)", variant="primary", min_width=120, elem_id="label-accept", **hidden
            )
            self.forward = gr.Button("Forward", min_width=70, elem_id="label-forward", **hidden)
            self.unsure = gr.Button("Next unsure (U)", min_width=120, elem_id="label-unsure", **hidden)
            self.doubt = gr.Checkbox(
                False, label="Show the doubt", container=False, visible=False, elem_id="label-doubt"
            )
            self.leave = gr.Button("Leave the set", min_width=110, elem_id="label-leave", **hidden)
            self.resume = gr.Button("Back to the set", min_width=120, elem_id="label-resume", **hidden)
            self.photos = gr.UploadButton(
                "Photos or a zip …",
                size="sm",
                file_types=["image", ".zip", ".json"],
                file_count="multiple",
                min_width=130,
                elem_id="label-photos",
            )
            self.folder = gr.UploadButton(
                "A folder …", size="sm", file_count="directory", min_width=100, elem_id="label-folder"
            )
            self.save = gr.Button("Save the set", min_width=110, elem_id="label-save", **hidden)
            self.clear = gr.Button("New set", min_width=90, elem_id="label-clear", **hidden)
            self.progress = Line("", elem_id="label-progress", elem_classes="hint")
        self.hint = gr.Markdown(HINT, elem_classes="hint")

    @property
    def work(self) -> list[Block]:
        """What there is to do about the photo on the canvas."""
        return [self.back, self.accept, self.forward, self.unsure, self.doubt, self.leave]

    @property
    def parts(self) -> list[Block]:
        """What changes with the set."""
        return [*self.work, self.progress, self.resume, self.save, self.clear, self.hint]

    def show(self, labelled: LabelSet | None, front: bool) -> dict[Block, Any]:
        """Values and updates for a set.

        Args:
            front: the canvas shows it.
        """
        some = labelled is not None and bool(labelled.items)
        front = some and front
        return {
            **{block: gr.update(visible=front) for block in self.work},
            self.hint: gr.update(visible=not some),
            self.resume: gr.update(visible=some and not front),
            self.save: gr.update(visible=some),
            self.clear: gr.update(visible=some),
            self.progress: labelled.line() if labelled is not None and some else "",
        }
