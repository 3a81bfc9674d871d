"""The tab "Check": the photo is segmented again, and its layout is compared with the one that was painted."""

from __future__ import annotations

import html

import gradio as gr
import numpy as np

from semflow_core.errors import InputError
from semflow_core.evaluation.segmentation import confusion, iou
from semflow_core.method.palette import Palette

from ..actions.models import Models
from ..controls import Controls, View
from ..page import Page
from ..state.names import readable
from ..state.photos import difference, fit_layout

HINT = "Does the photo show what was painted? It is segmented again, and compared with your layout."


class CheckTab:
    """The tab's components and what they do."""

    def __init__(self, models: Models) -> None:
        self.models = models
        with gr.Row(elem_classes="panel line"):
            self.go = gr.Button("Check this photo", size="sm", elem_id="recheck", min_width=130, scale=0)
            gr.Markdown(HINT, elem_classes="hint")
        with gr.Row(elem_classes="panel", visible=False) as self.body:
            with gr.Column(min_width=240):
                self.table = gr.HTML(elem_id="agreement")
            with gr.Column(min_width=200):
                self.picture = gr.Image(
                    format="png",
                    interactive=False,
                    show_label=False,
                    buttons=[],
                    elem_id="disagreement",
                    alt_text="Where the photo was segmented as another class than painted, in that class's colour",
                )

    def wire(self, page: Page) -> None:
        """Bind the events."""
        page.with_model(self.go.click, self.check, changes=[self.body, self.table, self.picture, page.status])

    def check(self, controls: Controls) -> View:
        """Compare the photo's layout with the canvas.

        Raises:
            InputError: there is no photo, or the layout's classes are not the model's.
            Cancelled: a newer request came.
        """
        controls.refuse_own_classes()
        photo = controls.state.photo
        if photo is None:
            raise InputError("there is no photo yet; paint one or open one")
        pipeline = self.models.pipeline(controls.model)
        labels = controls.session.segment(pipeline, pipeline.read_request(photo)).labels
        painted, _ = fit_layout(controls.labels, photo.shape[1], photo.shape[0])
        agreeing = 100 * float((labels == painted).mean())
        return View(
            status=f"Read again: {agreeing:.0f} % of the pixels agree with the layout.",
            parts={
                self.body: gr.update(visible=True),
                self.table: agreement_table(painted, labels, pipeline.palette),
                self.picture: difference(photo, labels != painted, pipeline.palette.colorize(labels)),
            },
        )


def agreement_table(painted: np.ndarray, segmented: np.ndarray, palette: Palette) -> str:
    """Intersection over union of every class that was painted, worst last, as an HTML table."""
    counts = confusion(segmented, painted, palette)
    present = counts.sum(1) > 0
    scores = 100 * iou(counts)
    rows = sorted(((float(scores[i]), c) for i, c in enumerate(palette.classes) if present[i]), key=lambda r: -r[0])
    body = "".join(
        f"<tr><th scope='row'><i style='background:rgb{c.color}'></i>{html.escape(readable(c.name)['name'])}</th>"
        f"<td><meter min='0' max='100' value='{score:.0f}'></meter></td><td>{score:.0f}</td></tr>"
        for score, c in rows
    )
    mean = float(scores[present].mean())
    return (
        "<table class='agreement'><caption>Agreement by class (IoU, %)</caption>"
        f"<tbody>{body}</tbody><tfoot><tr><th scope='row'>mean</th><td></td><td>{mean:.0f}</td></tr></tfoot></table>"
    )
