"""What an endpoint is: one annotated function. Its components, names, help and choices derive from the annotations.

An annotation is `Annotated[type, Parameter(...)]`, its counterpart for what is returned `Annotated[type, Result(...)]`.
The components are hidden ones of the same page, so that Gradio checks uploads and serves results as it does for people.
"""

from __future__ import annotations

import inspect
import tempfile
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import gradio as gr
import numpy as np
from gradio.components.base import Component

from semflow_core.errors import InputError, WriteError

from .actions.models import Models
from .guard.large import room_for
from .page import MODEL
from .state.pipeline import Pipeline
from .state.sentences import sentence

ENDPOINTS: dict[str, Callable[..., Any]] = {}
MODEL_NAME = "model"  # the parameter that names the model; the function gets its pipeline


class AsTheModel:
    """A default that is the model's own, by the parameter's name in `SegmentationRequest`."""


AS_THE_MODEL: Any = AsTheModel()


@dataclass(frozen=True)
class Parameter:
    """How a value comes in.

    Attributes:
        help: what it is, for the endpoint's documentation.
        component: called as component(default, label=name).
        read: (what the component gives, pipeline, the parameter's name) -> the function's value.
    """

    help: str
    component: Callable[..., Component]
    read: Callable[[Any, Pipeline, str], Any] = lambda value, pipeline, name: value


@dataclass(frozen=True)
class Result:
    """How a value goes out.

    Attributes:
        name: what the endpoint's description calls it.
        component: called as component(label=name).
        write: (the function's value, pipeline, a new folder that is served) -> what the component takes.
    """

    name: str
    component: Callable[..., Component]
    write: Callable[[Any, Pipeline, Path], Any] = lambda value, pipeline, folder: value


def endpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: serve a function as the endpoint of its name."""
    ENDPOINTS[function.__name__] = function
    return function


def add_endpoints(models: Models, first: str) -> None:
    """Define all endpoints inside the current Blocks; the model `first` is their default."""
    for api_name, function in ENDPOINTS.items():
        with gr.Row(visible=False):
            defaults = _defaults(function, models, first)
            inputs = [p.component(defaults[name], label=name) for name, p in parameters_of(function).items()]
            outputs = [r.component(label=r.name) for r in results_of(function)]
            gr.Button().click(
                _served(function, models, inputs, outputs),
                inputs,
                outputs[0] if len(outputs) == 1 else outputs,
                api_name=api_name,
                **MODEL,
            )


def parameters_of(function: Callable[..., Any]) -> dict[str, Parameter]:
    """The parameters of an endpoint by name.

    Raises:
        TypeError: one is not annotated so that it can be served.
    """
    hints = typing.get_type_hints(function, include_extras=True)
    names = list(inspect.signature(function).parameters)
    return {name: _only(hints.get(name), Parameter, f"{function.__name__}({name})") for name in names}


def results_of(function: Callable[..., Any]) -> list[Result]:
    """What an endpoint returns; a tuple is several."""
    hint = typing.get_type_hints(function, include_extras=True).get("return")
    hints = typing.get_args(hint) if typing.get_origin(hint) is tuple else [hint]
    return [_only(h, Result, f"the result of {function.__name__}") for h in hints]


def documentation(function: Callable[..., Any]) -> str:
    """The endpoint's description: what the function's docstring says, and each parameter with its help.

    A line `name: text` below `Args:` in the docstring stands for a parameter's usual help.
    """
    text = inspect.getdoc(function) or ""
    body, _, returns = text.partition("\nReturns:\n")
    summary, _, args = body.partition("\nArgs:\n")
    special = {n.strip(): t.strip() for n, _, t in (line.partition(":") for line in args.splitlines() if line.strip())}
    lines = [f"    {name}: {special.get(name, p.help)}" for name, p in parameters_of(function).items()]
    return "\n".join([summary.rstrip(), "", "Args:", *lines, "", "Returns:", returns.rstrip()])


def _only(hint: Any, kind: type, what: str) -> Any:
    matching = [m for m in getattr(hint, "__metadata__", ()) if isinstance(m, kind)]
    if len(matching) != 1:
        raise TypeError(f"{what} needs an annotation with one {kind.__name__}")
    return matching[0]


def _defaults(function: Callable[..., Any], models: Models, first: str) -> dict[str, Any]:
    """The defaults by name; None where a parameter has none."""
    values = {}
    for name, parameter in inspect.signature(function).parameters.items():
        default = None if parameter.default is inspect.Parameter.empty else parameter.default
        if name == MODEL_NAME:
            default = first
        elif isinstance(default, AsTheModel):
            default = getattr(models.pipeline(first).read_request(np.zeros((256, 256, 3), np.uint8)), name)
        values[name] = default
    return values


def _served(
    function: Callable[..., Any], models: Models, inputs: list[Component], outputs: list[Component]
) -> Callable[..., Any]:
    """The function between components' values; the caller's mistakes are the response's message, as they stand."""
    parameters, results = parameters_of(function), results_of(function)

    def call(*values: Any) -> Any:
        raw = dict(zip(parameters, values))
        files = [v for v, c in zip(values, inputs) if isinstance(c, PictureFile) and isinstance(v, str)]
        try:
            with room_for(files):
                pipeline = models.pipeline(raw.pop(MODEL_NAME))
                read = {name: parameters[name].read(value, pipeline, name) for name, value in raw.items()}
                answer = function(**read, **{MODEL_NAME: pipeline})
                read.clear()  # a layout of 40 megapixels is not kept while the answer is written
                folder = _served_folder(outputs[0])
                answers = answer if len(results) > 1 else [answer]
                written = [r.write(value, pipeline, folder) for r, value in zip(results, answers)]
        except WriteError:  # what the server cannot write is no caller's mistake
            raise
        except InputError as error:
            raise gr.Error(sentence(error), print_exception=False) from None
        return written if len(results) > 1 else written[0]

    kind, required = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.empty
    signature = inspect.signature(function).parameters.values()
    vars(call)["__signature__"] = inspect.Signature(
        [
            inspect.Parameter(p.name, kind, default=required if p.default is required else component.value)
            for p, component in zip(signature, inputs)
        ]
    )
    call.__name__, call.__doc__ = function.__name__, documentation(function)
    return call


def _served_folder(component: Component) -> Path:
    """A new folder in a component's cache: served from there, and deleted with the rest of it."""
    cache = Path(component.GRADIO_CACHE)
    cache.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=cache))


class PictureFile(gr.Image):
    """A picture as the file it was, which keeps the ids of L and P PNGs: `semflow_core.pictures` reads it, or refuses
    it in a sentence, where Gradio would only say that something was raised.
    """

    def get_block_name(self) -> str:
        return "image"  # the page's own component

    def preprocess(self, payload: Any) -> str | None:
        if payload is not None and not payload.path:
            return cast(str, super().preprocess(payload))  # a data URL
        return payload and payload.path


class WholeNumber(gr.Number):
    """A whole number. Anything else is the caller's mistake, and said as such."""

    def get_block_name(self) -> str:
        return "number"

    def preprocess(self, payload: Any) -> int:
        if isinstance(payload, bool) or not isinstance(payload, (int, float)) or payload % 1 != 0:
            raise InputError(f"{self.label} is {str(payload)[:60]!r}; it must be a whole number")
        return int(payload)
