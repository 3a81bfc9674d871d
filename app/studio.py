"""The page: three columns, layout | photo | path, and their wiring. What happens is in actions.py."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from semflow_core.errors import InputError
from semflow_core.flow import GRIDS
from semflow_core.registry import find_models
from semflow_core.solvers import SOLVERS

from .actions import NO_PATH, Actions, beta_range, canvas_size, look
from .api import add_endpoints
from .examples import first_layout, load_examples
from .painter import Painter, painter_props
from .player import Player
from .session import Session

HERE = Path(__file__).parent
FAVOURITE = "faces"  # the model to start with, if it is there
MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": 1, "api_visibility": "private"}
QUIET: dict[str, Any] = {**MODEL, "show_progress": "hidden"}
SAVE_JS = "(d) => { if (d) Object.assign(document.createElement('a'), {href: d.url, download: d.name}).click() }"


def build(models: list[Path]) -> gr.Blocks:
    """The studio.

    Args:
        models: folders to look for models in, beside assets/models.

    Raises:
        InputError: there is no model at all, or the first one cannot be loaded.
    """
    names = list(find_models(models))
    if not names:
        raise InputError(
            "no model is installed; train one (python -m semflow_core train CONFIG), "
            "or name a folder of models with --models"
        )
    first = FAVOURITE if FAVOURITE in names else names[0]
    actions = Actions(models)
    pipeline = actions.pipeline(first)
    width, height = canvas_size(pipeline)

    with gr.Blocks(title="SemFlow Studio", delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        session = gr.State(Session())
        shape = gr.HTML(look(pipeline), elem_classes="nothing")
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>SemFlow <span>Studio</span></h1>", elem_classes="brand")
            status = gr.Markdown("Painting the first layout …", elem_id="status")
            model = gr.Dropdown(
                names, value=first, label="Model", show_label=False, container=False,
                visible=len(names) > 1, elem_id="model", min_width=140,
            )  # fmt: skip
        with gr.Row(elem_id="columns"):
            with gr.Column():
                painter = Painter(
                    first_layout(pipeline.palette, width, height),
                    elem_id="painter",
                    **painter_props(pipeline.palette, load_examples(pipeline.palette, width, height)),
                )
            with gr.Column():
                with gr.Row(elem_classes="cap"):
                    gr.HTML("<h2 class='title'><b>2</b> Photo</h2>")
                    opener = gr.UploadButton("Open photo …", size="sm", file_types=["image", ".json"], min_width=110)
                photo = gr.Image(
                    format="png", interactive=False, show_label=False, buttons=["fullscreen"],
                    elem_id="photo", alt_text="The photo that belongs to the layout",
                )  # fmt: skip
                with gr.Row(elem_classes="line"):
                    go = gr.Button("Paint it", variant="primary", scale=3, min_width=90)
                    live = gr.Checkbox(True, label="Live", container=False, min_width=64, elem_id="live")
                with gr.Row(elem_classes="line"):
                    seed = gr.Number(2, precision=0, minimum=0, label="Seed", scale=2, elem_id="seed")
                    dice = gr.Button("⚄", elem_id="dice", min_width=44)
                    lock = gr.Checkbox(True, label="Keep seed", container=False, min_width=64, elem_id="keep")
                steps = gr.Slider(1, 50, 8, step=1, label="Steps", buttons=[])
                with gr.Accordion("Advanced", open=False):
                    solver = gr.Dropdown(list(SOLVERS), value="euler", label="Solver")
                    grid = gr.Dropdown(list(GRIDS), value="quadratic", label="Times of the steps")
                    beta = gr.Slider(
                        0,
                        step=0.5,
                        label="Perturbation: how far colours may move (0 … 255)",
                        **beta_range(pipeline),
                    )
                    frames = gr.Slider(2, 60, 25, step=1, label="Moments on the path")
            with gr.Column():
                with gr.Row(elem_classes="cap"):
                    gr.HTML("<h2 class='title'><b>3</b> Path</h2>")
                    show = gr.Button("Show the path", size="sm", min_width=110)
                player = Player(hint=NO_PATH, elem_id="player")
                gr.HTML("<h3>Save</h3>", elem_classes="small-cap")
                with gr.Row(elem_classes="line", elem_id="saves"):
                    saves = {
                        what: gr.Button(text, size="sm", min_width=60)
                        for what, text in (
                            ("photo", "Photo"), ("ids", "Class ids"),
                            ("colours", "Colours"), ("project", "Project"),
                        )
                    }  # fmt: skip
        download = gr.JSON(visible=False)

        how = [solver, grid, beta]
        inputs = [session, model, painter, steps, seed, lock, *how]
        results = [photo, seed, player, status]
        newest: dict[str, Any] = {"trigger_mode": "always_last"}

        # at pointer down, beside the queue: what runs is for an older layout and stops at its next step
        painter.begin(Session.begin, session, queue=False, api_visibility="private", show_progress="hidden")
        painter.input(actions.stroke, [live, *inputs], results, **newest, **QUIET)
        go.click(actions.paint, inputs, results, **newest, **MODEL, show_progress="minimal", show_progress_on=photo)
        dice.click(actions.another, inputs, results, **newest, **QUIET)
        for control in (steps.release, seed.submit, *(c.input for c in (solver, grid)), beta.release):
            control(actions.stroke, [live, *inputs], results, **newest, **QUIET)
        demo.load(actions.paint, inputs, results, **QUIET)

        opener.upload(
            actions.open, [opener, session, model, steps, solver],
            [painter, photo, player, status, steps, seed, solver, grid, beta],
            show_progress_on=photo, **MODEL,
        ).then(actions.finish_open, inputs, results, **QUIET)  # fmt: skip
        show.click(
            actions.path, [session, model, painter, steps, seed, *how, frames], [player, status],
            show_progress_on=player, **MODEL,
        )  # fmt: skip
        model.input(actions.switch, [session, model], [painter, photo, player, shape, beta], **QUIET).then(
            actions.paint, inputs, results, **QUIET
        )
        for what, button in saves.items():
            button.click(
                partial(actions.save, what), [session, model, painter, steps, seed, *how], download,
                api_visibility="private", show_progress="hidden",
            ).then(None, download, js=SAVE_JS, api_visibility="private")  # fmt: skip
        demo.load(None, js=(HERE / "studio.js").read_text(encoding="utf-8"), api_visibility="private")
        add_endpoints(actions, first)
    # one solve at a time: two would only slow each other down
    return demo.queue(default_concurrency_limit=1, max_size=20)


def launch_options() -> dict[str, Any]:
    """What Gradio 6 wants at launch and not before: looks and limits."""
    return {
        "theme": gr.themes.Soft(primary_hue="indigo", neutral_hue="slate", radius_size="md").set(
            block_title_background_fill="none",
            block_title_padding="0",
            block_title_text_color="*body_text_color",
            block_title_text_weight="500",
            block_padding="10px 12px",
        ),  # fmt: skip
        "css": (HERE / "studio.css").read_text(encoding="utf-8"),
        "max_file_size": "40mb",
        "show_error": False,  # a stack trace helps no visitor; mistakes are said in sentences
        "run_history": False,  # it would keep visitors' photos in the browser
        "footer_links": [],
    }
