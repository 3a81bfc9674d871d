"""The page: three columns, layout | photo | path, the tabs under the photo, and their wiring.

What happens is in actions.py and in the tabs' files: style.py, variations.py, editing.py, check.py.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from semflow_core.errors import InputError
from semflow_core.method.flow import GRIDS
from semflow_core.method.solvers import SOLVERS
from semflow_core.pipeline.registry import NO_MODELS, find_models

from .actions import Actions, beta_range, canvas_size, look
from .api import add_endpoints
from .check import CheckTab
from .editing import EditTab
from .examples import first_layout, load_examples
from .history import HistoryPanel
from .page import AT_ONCE, MODEL, SAVE_JS, Page
from .painter import Painter, painter_props
from .path import PathPanel
from .session import Session
from .style import StyleTab
from .variations import VariationsTab

HERE = Path(__file__).parent
FAVOURITE = "faces"  # the model to start with, if it is there


def build(models: list[Path], device: str = "cpu", queue_size: int = 20) -> gr.Blocks:
    """The studio.

    Args:
        models: folders to look for models in, beside assets/models.
        device: where to compute: cpu, cuda or mps.
        queue_size: how many visitors may wait; one more is told to come back later.

    Raises:
        InputError: there is no model at all, no such device, or the first model cannot be loaded.
    """
    names = list(find_models(models))
    if not names:
        raise InputError(NO_MODELS)
    first = FAVOURITE if FAVOURITE in names else names[0]
    actions = Actions(models, device)
    pipeline = actions.pipeline(first)
    width, height = canvas_size(pipeline)

    with gr.Blocks(title="SemFlow Studio", delete_cache=(3600, 3600), analytics_enabled=False) as demo:
        session = gr.State(Session(first))
        shape = gr.HTML(look(pipeline), elem_classes="nothing")
        with gr.Row(elem_id="head"):
            gr.HTML("<h1>SemFlow <span>Studio</span></h1>", elem_classes="brand")
            status = gr.Markdown("Painting the first layout …", elem_id="status")
            model = gr.Dropdown(
                names,
                value=first,
                label="Model",
                show_label=False,
                container=False,
                visible=len(names) > 1,
                elem_id="model",
                min_width=140,
            )
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
                    opener = gr.UploadButton(
                        "Open photo …",
                        size="sm",
                        file_types=["image", ".json"],
                        file_count="multiple",
                        min_width=110,
                        elem_id="segment",
                    )
                    camera = gr.Button("Camera", size="sm", min_width=70, elem_id="camera")
                photo = gr.Image(
                    format="png",
                    interactive=False,
                    show_label=False,
                    buttons=["fullscreen"],
                    elem_id="photo",
                    alt_text="The photo that belongs to the layout",
                )
                shown = gr.Textbox(visible="hidden")
                clicks = StyleTab.make_clicks()
                mode = EditTab.make_mode()
                with gr.Row(elem_classes="line"):
                    go = gr.Button("Paint it", variant="primary", scale=3, min_width=90, elem_id="synthesize")
                    live = gr.Checkbox(True, label="Live", container=False, min_width=64, elem_id="live")
                with gr.Row(elem_classes="line"):
                    seed = gr.Number(9, precision=0, minimum=0, label="Seed", scale=2, elem_id="seed")
                    dice = gr.Button("⚄ New", elem_id="dice", min_width=76)
                    lock = gr.Checkbox(True, label="Keep seed", container=False, min_width=64, elem_id="keep")
                steps = gr.Slider(1, 50, 4, step=1, label="Steps", buttons=[], elem_id="steps")
            with gr.Column(elem_id="path"):
                path = PathPanel(actions)
                gr.HTML("<h3>Save</h3>", elem_classes="small-cap")
                with gr.Row(elem_classes="line", elem_id="saves"):
                    saves = {
                        what: gr.Button(text, size="sm", min_width=60)
                        for what, text in (
                            ("photo", "Photo"),
                            ("ids", "Class ids"),
                            ("colours", "Colours"),
                            ("project", "Project"),
                        )
                    }
            with gr.Tabs(elem_id="more", overflow_behavior="wrap") as tabs:
                with gr.Tab("Variations", id="variations", elem_id="variations"):
                    variations = VariationsTab(actions)
                with gr.Tab("Style", id="style", elem_id="style"):
                    style = StyleTab(actions, pipeline.palette, clicks)
                with gr.Tab("Edit", id="edit", elem_id="edit"):
                    edit = EditTab(actions, mode)
                with gr.Tab("Check", id="check", elem_id="check"):
                    check = CheckTab(actions)
                with gr.Tab("Advanced", id="advanced", elem_id="advanced"):
                    with gr.Row(elem_classes="panel"):
                        solver = gr.Dropdown(list(SOLVERS), value="euler", label="Solver")
                        grid = gr.Dropdown(list(GRIDS), value="quadratic", label="Times of the steps")
                    with gr.Row(elem_classes="panel"):
                        beta = gr.Slider(
                            0,
                            step=0.5,
                            label="Perturbation: how far a colour may move, of 255",
                            **beta_range(pipeline),
                        )
                        frames = gr.Slider(2, 60, 25, step=1, label="Moments on the path")
        strip = HistoryPanel(actions, path)
        download = gr.JSON(visible=False)

        how = [solver, grid, beta]
        page = Page(session, model, painter, photo, shown, path.player, status, tabs, live, steps, seed, lock, how)
        inputs, results = page.inputs, page.results
        # an image's change is also fired by its progress, and so by every answer to a change: it would never end
        photo.change(None, photo, shown, js="(p) => p?.url ?? ''", api_visibility="private")

        page.begin(painter.begin)  # at pointer down
        painter.input(actions.stroke, [live, *inputs], results, **page.newest)
        page.paints(go.click, actions.paint)
        page.paints(dice.click, actions.another)
        for event in (seed.submit, seed.blur):
            page.paints(event, actions.reseed, live)
        for event in (steps.input, solver.input, grid.input, beta.release):
            page.paints(event, actions.stroke, live)
        demo.load(actions.paint, inputs, results, **page.newest)
        for tab in (variations, style, check):
            tab.wire(page)
        for event in edit.wire(page):
            style.follow(event, page)
        style.region.change(variations.name_region, [session, model], variations.takes, **AT_ONCE)

        opening = opener.upload(
            actions.open,
            [opener, session, model],
            page.switched,
            show_progress_on=photo,
            **MODEL,
        ).then(actions.finish_open, inputs, results, **page.waits)
        edit.opened(opening, page)
        path.wire(page, frames)
        strip.wire(page, shape, frames).then(style.choices, [session, model], style.region, **AT_ONCE).then(
            actions.finish_open, inputs, results, **page.waits
        )
        page.begin(model.input).then(
            actions.switch, [session, model, *page.held], [shape, *page.switched], **page.waits
        ).then(style.choices, [session, model], style.region, **AT_ONCE).then(
            edit.heat, [session, edit.unsure], painter, **AT_ONCE
        ).then(actions.arrive, [live, *inputs], results, **page.waits)
        for what, button in saves.items():
            button.click(
                partial(actions.save, what),
                [session, model, painter, steps, seed, *how],
                download,
                api_visibility="private",
                show_progress="hidden",
            ).then(None, download, js=SAVE_JS, api_visibility="private")
        demo.load(None, js=(HERE / "studio.js").read_text(encoding="utf-8"), api_visibility="private")
        demo.load(None, js=(HERE / "peek.js").read_text(encoding="utf-8"), api_visibility="private")
        camera.click(None, js=(HERE / "camera.js").read_text(encoding="utf-8"), api_visibility="private")
        add_endpoints(actions, first)
    # one solve at a time: two would only slow each other down
    return demo.queue(default_concurrency_limit=1, max_size=queue_size)


def launch_options() -> dict[str, Any]:
    """What Gradio 6 wants at launch and not before: appearance and limits."""
    return {
        "theme": gr.themes.Soft(primary_hue="indigo", neutral_hue="slate", radius_size="md").set(
            block_title_background_fill="none",
            block_title_padding="0",
            block_title_text_color="*body_text_color",
            block_title_text_weight="500",
            block_padding="10px 12px",
        ),
        "css": (HERE / "studio.css").read_text(encoding="utf-8"),
        "max_file_size": "40mb",
        "show_error": False,  # a stack trace helps no visitor; mistakes are said in sentences
        "run_history": False,  # it would keep visitors' photos in the browser
        "footer_links": [],
    }
