"""The page: three columns, layout | photo | path, and the tabs under the photo. Its wiring is in wiring.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from semflow_core.errors import InputError
from semflow_core.method.limits import DEFAULT_MODEL
from semflow_core.pipeline.registry import NO_MODELS

from . import endpoints  # noqa: F401 (its functions are registered on import)
from .actions.models import Models, shape_style
from .actions.painting import Painting
from .actions.walking import Walking
from .page import Page
from .serving import add_endpoints
from .state.examples import first_layout, load_examples
from .state.pipeline import canvas_size
from .state.session import Session
from .tabs import (
    AppearanceTab,
    CheckTab,
    EditTab,
    HistoryStrip,
    ModelMenu,
    OpenSave,
    PaintPanel,
    PathPanel,
    VariationsTab,
)
from .widgets import Painter
from .widgets.painter import painter_props
from .wiring import WEB, Parts, wire


def build(folders: Sequence[Path], device: str = "cpu", queue_size: int = 20) -> gr.Blocks:
    """The studio.

    Args:
        folders: where to look for models, beside assets/models.
        device: where to compute: cpu, cuda or mps.
        queue_size: how many visitors may wait; one more is asked to come back later.

    Raises:
        InputError: there is no model at all, no such device, or the first model cannot be loaded.
    """
    models = Models(folders, device)
    names = models.names()
    if not names:
        raise InputError(NO_MODELS)
    first = DEFAULT_MODEL if DEFAULT_MODEL in names else names[0]
    with gr.Blocks(title="SemFlow Studio", delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        wire(demo, *_lay_out(models, first))
        add_endpoints(models, first)
    # one solve at a time: two would only slow each other down
    return demo.queue(default_concurrency_limit=1, max_size=queue_size)


def _lay_out(models: Models, first: str) -> tuple[Page, Parts]:
    """The components, where they stand."""
    pipeline, painting, walking = models.pipeline(first), Painting(models), Walking(models)
    width, height = canvas_size(pipeline)
    session = gr.State(Session(first))
    shape = gr.HTML(shape_style(pipeline), elem_classes="nothing")
    with gr.Row(elem_id="head"):
        gr.HTML("<h1>SemFlow <span>Studio</span></h1>", elem_classes="brand")
        status = gr.Markdown("Painting the first layout …", elem_id="status")
        model = ModelMenu(models, painting, first)
    with gr.Row(elem_id="columns"):
        with gr.Column():
            painter = Painter(
                first_layout(pipeline.palette, width, height),
                elem_id="painter",
                **painter_props(pipeline.palette, load_examples(pipeline.palette, width, height)),
            )
        with gr.Column(elem_id="result"):
            with gr.Row(elem_classes="cap"):
                gr.HTML("<h2 class='title'><b>2</b> Photo</h2>")
                open_save = OpenSave(models, painting)
            photo = gr.Image(
                format="png",
                interactive=False,
                show_label=False,
                buttons=["fullscreen"],
                elem_id="photo",
                alt_text="The photo that belongs to the layout",
            )
            shown = gr.Textbox(visible="hidden")
            clicks = AppearanceTab.make_clicks()
            mode = EditTab.make_mode()
            paint = PaintPanel(painting)
        with gr.Column(elem_id="path"):
            path = PathPanel(walking)
            open_save.make_saves()
        with gr.Tabs(elem_id="more", overflow_behavior="wrap") as tabs:
            with gr.Tab("Variations", id="variations", elem_id="variations"):
                variations = VariationsTab(models, painting)
            with gr.Tab("Appearance", id="appearance", elem_id="appearance"):
                appearance = AppearanceTab(models, painting, pipeline.palette, clicks)
            with gr.Tab("Edit", id="edit", elem_id="edit"):
                edit = EditTab(models, painting, mode)
            with gr.Tab("Check", id="check", elem_id="check"):
                check = CheckTab(models)
            with gr.Tab("Advanced", id="advanced", elem_id="advanced"):
                paint.make_advanced(pipeline)
    history = HistoryStrip(models, walking)
    page = Page(
        session=session,
        model=model.menu,
        painter=painter,
        photo=photo,
        shown=shown,
        player=path.player,
        status=status,
        tabs=tabs,
        shape=shape,
        download=gr.JSON(visible=False),
        controls=paint.controls,
    )
    return page, Parts(paint, open_save, model, variations, appearance, edit, check, path, history)


def launch_options() -> dict[str, Any]:
    """What Gradio 6 takes at launch and not before: theme, style sheet and limits."""
    return {
        "theme": gr.themes.Soft(primary_hue="indigo", neutral_hue="slate", radius_size="md").set(
            block_title_background_fill="none",
            block_title_padding="0",
            block_title_text_color="*body_text_color",
            block_title_text_weight="500",
            block_padding="10px 12px",
        ),
        "css": (WEB / "studio.css").read_text(encoding="utf-8"),
        "max_file_size": "40mb",
        "show_error": False,  # a stack trace helps no visitor; mistakes are said in sentences
        "run_history": False,  # it would keep visitors' photos in the browser
        "footer_links": [],
    }
