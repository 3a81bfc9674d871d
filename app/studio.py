"""The page: layout and photo side by side, and the inspector below them. Its wiring is in wiring.py."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from semflow_core.errors import InputError
from semflow_core.method.limits import DEFAULT_MODEL
from semflow_core.pipeline.registry import NO_MODELS

from . import endpoints  # noqa: F401 (its functions are registered on import)
from .actions.models import Models, shape_style
from .actions.painting import Painting
from .actions.walking import Walking
from .engine.interface import Engine
from .engine.local import LocalEngine
from .guard.blocks import GuardedBlocks
from .guard.desk import Desk
from .guard.limits import MAX_WAITING
from .guard.pictures import write_whole
from .language import language_script
from .page import Page
from .serving import add_endpoints
from .state.examples import first_layout
from .state.label_folder import NAME as SETS
from .state.label_folder import SetFolder
from .state.pipeline import canvas_size
from .state.session import Session
from .tabs import (
    AppearanceTab,
    CheckTab,
    EditTab,
    HistoryStrip,
    Keeping,
    LabelTab,
    ModelMenu,
    OpenSave,
    PaintPanel,
    PathPanel,
    RegionActs,
    SetKeeping,
    ShareRow,
    StartTab,
    VariationsTab,
)
from .widgets import Line, Painter, Player
from .widgets.painter import painter_props
from .wiring import WEB, Parts, wire

FOLD = (
    "<button type='button' id='fold' aria-expanded='true' aria-controls='more' aria-label='Fold the panel away' "
    "title='Fold the panel away (T)'><svg viewBox='0 0 24 24' aria-hidden='true'><path d='m6 9 6 6 6-6'/></svg>"
    "</button>"
)


def build(
    folders: Sequence[Path], device: str = "cpu", queue_size: int = MAX_WAITING, engine: Engine | None = None
) -> GuardedBlocks:
    """The studio.

    Args:
        folders: where to look for models, beside assets/models.
        device: where to compute: cpu, cuda or mps.
        queue_size: how many requests may be here at once; one more is asked to come back later.
        engine: where models compute instead of this process.

    Raises:
        InputError: there is no model at all, no such device, or the first model cannot be loaded.
    """
    write_whole()
    engine = engine or LocalEngine(folders, device)
    desk = Desk(*engine.turns)
    models = Models(folders, engine, desk)
    names = models.names()
    if not names:
        raise InputError(NO_MODELS)
    first = first_model(models, names)
    with GuardedBlocks(
        desk, queue_size, title="SemFlow Studio", delete_cache=(3600, 3600), analytics_enabled=False
    ) as demo:
        wire(demo, *_lay_out(models, first))
        add_endpoints(models, first)
    if isinstance(engine, LocalEngine):
        engine.load_soon(first, lambda: demo.is_running)
    return demo.queue(default_concurrency_limit=None)  # nothing waits there: turns are the desk's


def first_model(models: Models, names: Sequence[str]) -> str:
    """The default model, or where it is damaged the first that can be loaded.

    Raises:
        InputError: none can; the message is that of the first.
    """
    errors: list[InputError] = []
    for name in sorted(names, key=lambda n: n != DEFAULT_MODEL):
        try:
            models.pipeline(name)
        except InputError as error:
            errors.append(error)
        else:
            for error in errors:
                print(f"app.py: warning: {error}; the studio starts with {name}", file=sys.stderr)
            return name
    raise errors[0]


def _lay_out(models: Models, first: str) -> tuple[Page, Parts]:
    """The components, where they stand."""
    pipeline, painting, walking = models.pipeline(first), Painting(models), Walking(models)
    width, height = canvas_size(pipeline)
    session = gr.State(Session(first))
    shape = gr.HTML(shape_style(pipeline), elem_classes="nothing")
    with gr.Column(elem_id="studio"):
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>SemFlow <span>Studio</span></h1>", elem_classes="brand")
            open_save = OpenSave(models, painting)
            status = Line("Painting the first layout …", elem_id="status")
            model = ModelMenu(models, painting, first)
        clicks = RegionActs.make_clicks()
        with gr.Row(elem_id="panes"):
            painter = Painter(
                first_layout(pipeline.palette, width, height),
                elem_id="painter",
                model=first,
                **painter_props(pipeline.palette),
            )
            with gr.Column(elem_id="result"):
                photo = gr.Image(
                    format="png",
                    interactive=False,
                    show_label=False,
                    buttons=[],
                    elem_id="photo",
                    alt_text="The photo that belongs to the layout",
                )
                player = Player(elem_id="player")
        with gr.Row(elem_id="inspector"):
            with gr.Column(elem_id="paint"):
                mode = EditTab.make_mode()
                paint = PaintPanel(painting)
            with gr.Tabs(elem_id="more", overflow_behavior="wrap") as tabs:
                with gr.Tab("Start", id="start", elem_id="start"):
                    start = StartTab(models, pipeline)
                with gr.Tab("Variations", id="variations", elem_id="variations"):
                    variations = VariationsTab(models, painting)
                with gr.Tab("Region", id="appearance", elem_id="appearance"):
                    appearance = AppearanceTab(models, painting, pipeline.palette)
                with gr.Tab("Edit", id="edit", elem_id="edit"):
                    edit = EditTab(models, painting, mode)
                with gr.Tab("Path", id="path", elem_id="path"):
                    path = PathPanel(walking, player)
                with gr.Tab("Check", id="check", elem_id="check"):
                    check = CheckTab(models)
                with gr.Tab("Label", id="label", elem_id="label"):
                    label = LabelTab(models, SetFolder(Path(get_upload_folder()) / SETS))
                with gr.Tab("History", id="past", elem_id="past"):
                    gr.Markdown("Every photo that you made, the newest first.", elem_classes="hint")
                with gr.Tab("Share", id="save", elem_id="save"):
                    share = ShareRow(models, walking)
                    open_save.make_saves()
                with gr.Tab("Settings", id="advanced", elem_id="advanced"):
                    paint.make_advanced(pipeline)
                    open_save.make_holds()
            # beside the tabs, which leave out what is not in front: photos must reach the strip at any time
            history = HistoryStrip(models, walking)
            keeping, keeping_set = Keeping(models, painting), SetKeeping(label)
            gr.HTML(FOLD, elem_classes="fold")
        shown = gr.Textbox(visible="hidden")
    page = Page(
        session=session,
        model=model.menu,
        painter=painter,
        photo=photo,
        shown=shown,
        player=player,
        status=status,
        tabs=tabs,
        shape=shape,
        download=gr.JSON(visible=False),
        said=gr.JSON(visible=False),
        controls=paint.controls,
    )
    return page, Parts(
        *(paint, open_save, model, variations, appearance, edit, check, path, history, start, share, keeping, label),
        keeping_set,
        RegionActs(appearance, clicks),
    )


def launch_options() -> dict[str, Any]:
    """What Gradio 6 takes at launch and not before: theme, style sheet and limits."""
    return {
        "theme": gr.themes.Soft(primary_hue="indigo", neutral_hue="slate", radius_size="md").set(
            block_title_background_fill="none",
            block_title_padding="0",
            block_title_text_color="*body_text_color",
            block_title_text_weight="500",
            block_padding="10px 12px",
            # white on it, and grey text on the page, in the contrast that WCAG AA asks for
            color_accent="*primary_600",
            button_primary_background_fill="*primary_600",
            button_primary_background_fill_dark="*primary_600",
            button_primary_background_fill_hover="*primary_700",
            button_primary_background_fill_hover_dark="*primary_700",
            button_secondary_background_fill_hover_dark="*primary_600",
            checkbox_background_color_selected="*primary_600",
            checkbox_label_background_fill_selected="*primary_600",
            body_text_color_subdued="*neutral_600",
            body_text_color_subdued_dark="*neutral_300",
            input_placeholder_color="*neutral_500",
            input_placeholder_color_dark="*neutral_300",
            # what can be filled in or ticked has an edge of 3:1 (WCAG 1.4.11)
            input_border_width="1px",
            input_border_color="*neutral_500",
            input_border_color_dark="*neutral_400",
            input_border_color_focus="*primary_600",
            input_border_color_focus_dark="*primary_300",
            checkbox_border_width_dark="1px",
            checkbox_border_color="*neutral_500",
            checkbox_border_color_dark="*neutral_300",
            checkbox_border_color_hover="*neutral_600",
            checkbox_border_color_hover_dark="*neutral_200",
            checkbox_label_border_width="0px",
            checkbox_label_border_width_dark="0px",
            button_border_width="0px",
            button_border_width_dark="0px",
        ),
        "css": "".join((WEB / name).read_text(encoding="utf-8") for name in ("studio.css", "narrow.css", "label.css")),
        "head": f"<style>{(WEB / 'root.css').read_text('utf-8')}</style><script>{language_script()}</script>"
        + "".join(
            f"<script>{(WEB / name).read_text('utf-8')}</script>" for name in ("reach.js", "notice.js", "set.js")
        ),
        "run_history": False,  # it would keep visitors' photos in the browser
        "footer_links": [],
    }
