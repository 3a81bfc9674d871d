"""The page's components, and the one place where Gradio's values become `Controls`, and a `View` Gradio's updates."""

from __future__ import annotations

import inspect
import time
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components.base import Component
from gradio.events import Dependency

from semflow_core.errors import InputError

from .answers import Answer
from .controls import UNSET, Controls, View
from .guard.refusals import of_error
from .state.names import in_words
from .state.sentences import as_html
from .state.session import Cancelled, Session
from .state.settings import Settings
from .widgets import Painter, Player

Event = Callable[..., Dependency]  # a component's event, such as `button.click`, or the `then` of an earlier one
Handler = Callable[..., Any]  # (Controls, the values of its own inputs, ...) -> View, None, or an iterator of Views

MODEL: dict[str, Any] = {"concurrency_id": "model", "concurrency_limit": None}  # solves take turns at the desk
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
# {name, url} becomes a download, and only once
DOWNLOAD_JS = """(file) => {
  if (file) Object.assign(document.createElement('a'), { href: file.url, download: file.name }).click();
  return null;
}"""
SAY_JS = "(said) => { if (said) window.semflowSay(said.text); }"


@dataclass(frozen=True)
class Page:
    """The components that several tabs read or write.

    Attributes:
        shown: where the photo is; it changes when the picture does, and not when its progress is shown.
        shape: the style sheet of the model's width over height.
        download: a file on its way to the visitor.
        said: the sentence of a refusal beside the queue, where Gradio shows no messages of the server.
        controls: the inputs by their names in `Controls`, but for session, model and labels.
        places: what tabs show of the place in a set, which goes with the canvas.
    """

    session: gr.State
    model: gr.Dropdown
    painter: Painter
    photo: gr.Image
    shown: gr.Textbox
    player: Player
    status: gr.Markdown
    tabs: gr.Tabs
    shape: gr.HTML
    download: gr.JSON
    said: gr.JSON
    controls: Mapping[str, Component]
    places: list[Block] = field(default_factory=list)

    @property
    def inputs(self) -> list[Component]:
        """The components of the fields of `Controls`, in their order."""
        components = {"session": self.session, "model": self.model, "labels": self.painter, **self.controls}
        return [components[f.name] for f in Controls.inputs()]

    @property
    def settings(self) -> list[Component]:
        """The components of the fields of `Settings`."""
        return [self.controls[f.name] for f in fields(Settings)]

    @property
    def painted(self) -> list[Block]:
        """What changes when a picture is painted."""
        return [self.photo, self.player, self.status, self.controls["seed"]]

    @property
    def landed(self) -> list[Block]:
        """What changes when a layout, a photo or a project lands."""
        return [self.shape, self.painter, self.photo, self.player, self.status, *self.settings]

    @property
    def scene(self) -> list[Block]:
        """What changes as a whole with what is on the canvas."""
        return [self.model, *self.landed, self.tabs, *self.places]

    # ---- binding ------------------------------------------------------------------------------------

    def on(
        self, event: Event, handler: Handler, *inputs: Component, changes: Sequence[Block] = (), **how: Any
    ) -> Dependency:
        """Bind a handler to an event, in the queue.

        Args:
            handler: takes `Controls` and the values of `inputs`; it may have a parameter annotated gr.EventData after
                them, and one whose default is gr.Progress(). It returns a View, None, or an iterator of Views.
            changes: the components that its Views may change.
            how: options of Gradio's event.
        """
        beside = how.get("queue") is False
        outputs = [*changes, self.said] if beside else list(changes)
        call = self._call(handler, len(inputs), bool(outputs), beside)
        return event(call, [*self.inputs, *inputs], outputs or None, **{**PRIVATE, **how})

    def at_once(self, event: Event, handler: Handler, *inputs: Component, changes: Sequence[Block] = ()) -> Dependency:
        """`on` for what needs no model: beside the queue."""
        return self.on(event, handler, *inputs, changes=changes, queue=False, show_progress="hidden")

    def with_model(
        self, event: Event, handler: Handler, *inputs: Component, changes: Sequence[Block] = (), **how: Any
    ) -> Dependency:
        """`on` for what needs the model: while others use it, the photo's corner says the place in the queue."""
        progress = {"show_progress": "minimal", "show_progress_on": self.photo}
        return self.on(event, handler, *inputs, changes=changes, **{**MODEL, **progress, **how})

    def newest(self, event: Event, handler: Handler, *inputs: Component, changes: Sequence[Block] = ()) -> Dependency:
        """`with_model` where events arrive faster than pictures: the newest counts."""
        return self.with_model(event, handler, *inputs, changes=changes, trigger_mode="always_last")

    def cancel_running(self, event: Event) -> Dependency:
        """Beside the queue: what runs is for an older state and stops at its next step."""
        return event(Session.cancel_running, self.session, queue=False, show_progress="hidden", **PRIVATE)

    def paints(
        self, event: Event, handler: Handler, *inputs: Component, changes: Sequence[Block] | None = None
    ) -> Dependency:
        """Bind a handler that paints. The newest counts."""
        changes = self.painted if changes is None else changes
        return self.newest(self.cancel_running(event).then, handler, *inputs, changes=changes)

    def downloads(self, event: Event, handler: Handler, *inputs: Component, **how: Any) -> Dependency:
        """Bind a handler whose View holds a download."""
        changes = [self.download, self.status]
        done = self.on(event, handler, *inputs, changes=changes, **{"show_progress": "hidden", **how})
        return done.then(None, self.download, self.download, js=DOWNLOAD_JS, **PRIVATE)

    # ---- converting ---------------------------------------------------------------------------------

    def updates(self, view: View | None) -> Any:
        """A View as Gradio takes it: component -> value or update; gr.skip() where nothing changes."""
        view = view or View()
        components = {
            "model": self.model,
            "shape": self.shape,
            "photo": self.photo,
            "status": self.status,
            "download": self.download,
        }
        values = ((component, getattr(view, name)) for name, component in components.items())
        updates = {component: value for component, value in values if value is not UNSET}
        if view.painter:
            updates[self.painter] = gr.update(**view.painter)
        player = {"value": view.film, "draft": view.draft, "before": view.before, "empty": view.empty}
        if "model" in view.painter:  # the canvas is another's from now on: a model's, or a set's, which has no path
            player["labelled"] = not view.painter["model"]
        if changes := {name: value for name, value in player.items() if value is not UNSET}:
            updates[self.player] = gr.update(**changes)
        if view.tab is not UNSET:
            updates[self.tabs] = gr.update(selected=view.tab)
        for name, value in view.settings.items():
            updates[self.controls[name]] = gr.update(**value) if isinstance(value, Mapping) else value
        return {**updates, **view.parts} or gr.skip()

    def _answer(self, view: View | None, session: Session, scene: int) -> Any:
        """`updates`, which leave the canvas as it is where something newer is there by the time they go out."""
        updates = self.updates(view)
        if updates == gr.skip():
            return updates
        return Answer(updates, lambda: session.scene != scene, self.scene)

    def _call(self, handler: Handler, count: int, changes: bool, beside: bool = False) -> Callable[..., Any]:
        """A handler as a function of the components' values, the event and the progress that Gradio fills in.

        Args:
            count: how many inputs the handler has beside `Controls`.
            changes: whether its event has outputs; without any Gradio takes None only.
            beside: whether its event is beside the queue.
        """
        size = len(self.inputs)
        session_at = [f.name for f in Controls.inputs()].index("session")
        reported = partial(report_errors, said=self.said if beside else None)

        def views(values: tuple[Any, ...]) -> Iterator[View | None]:
            result = handler(Controls.read(values[:size]), *values[size:])
            yield from result if isinstance(result, Iterator) else [result]

        def call(*values: Any) -> Any:
            session: Session = values[session_at]
            answers, scene = list[Any](), session.scene
            for view in reported(views(values)):
                scene = session.scene if _lands(view) else scene
                answers.append(self._answer(view, session, scene))
            return answers[-1] if changes else None

        def call_stepwise(*values: Any) -> Iterator[Any]:
            session: Session = values[session_at]
            silent, scene = True, session.scene
            for view in reported(views(values)):
                silent = False
                scene = session.scene if _lands(view) else scene
                yield self._answer(view, session, scene)
            if silent:  # Gradio would empty the outputs of an event that gives nothing
                yield self.updates(None)

        result = call_stepwise if inspect.isgeneratorfunction(handler) else call
        values = [inspect.Parameter(f"value_{i}", inspect.Parameter.POSITIONAL_ONLY) for i in range(size + count)]
        extra = _filled_in(handler, count)
        vars(result)["__signature__"] = inspect.Signature([*values, *extra])
        result.__annotations__ = {p.name: p.annotation for p in extra}
        result.__name__ = getattr(handler, "__name__", "handler")
        return result


def _lands(view: View | None) -> bool:
    """Whether a View brings something to the canvas as a whole."""
    return view is not None and "value" in view.painter


def report_errors(views: Iterator[View | None], said: gr.JSON | None = None) -> Iterator[View | None]:
    """Views as they come; a visitor's mistake becomes a warning, cancelled work says nothing: neither changes more.

    Args:
        said: what takes the warning's sentence, where Gradio shows none.
    """
    try:
        yield from views
    except (InputError, OSError) as error:
        if (refusal := of_error(error)) is None:
            raise
        if said is None:
            gr.Warning(as_html(in_words(refusal.sentence)))
            yield None
        else:
            yield View(parts={said: {"text": in_words(refusal.sentence), "at": time.time()}})  # also the same again
    except Cancelled:
        yield None


def _filled_in(handler: Handler, count: int) -> list[inspect.Parameter]:
    """The parameters of a handler that Gradio fills in, after `Controls` and `count` inputs: event and progress."""
    hints = typing.get_type_hints(handler.func if isinstance(handler, partial) else handler)
    parameters = list(inspect.signature(handler).parameters.values())[1 + count :]
    kind = inspect.Parameter.POSITIONAL_ONLY
    return [
        p.replace(kind=kind, annotation=hints.get(p.name, Any))
        for p in parameters
        if isinstance(p.default, gr.Progress) or hints.get(p.name) is gr.EventData
    ]
