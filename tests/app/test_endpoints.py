"""An endpoint is one annotated function: what derives from it, and what a caller gets."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Annotated, Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from app import endpoints, serving
from app.actions.models import Models
from app.serving import ENDPOINTS, Parameter, documentation, endpoint, parameters_of
from app.values import Layout, LayoutFile, Model, Seed
from semflow_core.method.flow import GRIDS
from semflow_core.method.palette import load_palette
from semflow_core.method.solvers import SOLVERS
from semflow_core.pictures.layouts import write_layout

PALETTE = load_palette("celebamask_hq")


@pytest.fixture
def one_endpoint(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A registry with nothing in it."""
    registry: dict[str, Any] = {}
    monkeypatch.setattr(serving, "ENDPOINTS", registry)
    return registry


def test_every_endpoint_is_named_after_its_function() -> None:
    assert list(ENDPOINTS) == ["synthesize", "segment", "edit", "variations", "trajectory", "morph"]
    assert all(getattr(endpoints, name) is function for name, function in ENDPOINTS.items())


@pytest.mark.parametrize("name", ["synthesize", "segment", "edit", "variations", "trajectory", "morph"])
def test_the_choices_in_the_documentation_are_those_of_the_method(name: str) -> None:
    text = documentation(ENDPOINTS[name])
    assert all(solver in text for solver in SOLVERS) and text.count("\nReturns:\n") == 1
    if "grid" in parameters_of(ENDPOINTS[name]):
        assert all(grid in text for grid in GRIDS)


def test_a_docstring_may_say_more_of_a_parameter_than_its_annotation() -> None:
    text = documentation(endpoints.edit)
    assert "    layout: its layout after the change, as for /synthesize.\n" in text
    assert "    steps: solver steps, 1 to 1000.\n" in text and "    picture: the photo.\n" in text
    assert text.startswith("Change in a photo what was changed in its layout, and nothing else.\n\nArgs:\n")


def test_one_function_is_a_whole_endpoint(models: Models, one_endpoint: dict[str, Any], tmp_path: Path) -> None:
    @endpoint
    def mirrored(picture: LayoutFile, model: Model = None, seed: Seed = 3) -> Layout:  # pyright: ignore[reportArgumentType]
        """Mirror a layout.

        Returns:
            a PNG of class ids.
        """
        assert model.name == "faces" and seed == 4
        return np.ascontiguousarray(picture[:, ::-1])

    labels = np.zeros((16, 20), np.uint8)
    labels[:, :5] = 13
    write_layout(tmp_path / "layout.png", labels, PALETTE)
    with gr.Blocks() as demo:
        serving.add_endpoints(models, "faces")
    function: Any = next(iter(demo.fns.values()))
    assert function.api_name == "mirrored" and [i.label for i in function.inputs] == ["picture", "model", "seed"]
    assert [i.value for i in function.inputs] == [None, "faces", 3]
    assert function.fn is not None
    signature = inspect.signature(function.fn)
    assert [p.default for p in signature.parameters.values()] == [inspect.Parameter.empty, "faces", 3]
    answer = np.asarray(Image.open(function.fn(str(tmp_path / "layout.png"), "faces", 4)))
    assert np.array_equal(answer, labels[:, ::-1])
    with pytest.raises(gr.Error, match="No picture was given"):
        function.fn(None, "faces", 4)


def test_the_defaults_of_reading_are_the_models_own(models: Models) -> None:
    with gr.Blocks() as demo:
        serving.add_endpoints(models, "faces")
    segment: Any = next(f for f in demo.fns.values() if f.api_name == "segment")
    values = {i.label: i.value for i in segment.inputs}
    assert (values["steps"], values["mirror"], values["smooth"]) == (3, True, 0.0)  # FakePipeline.read_request


def test_a_parameter_that_cannot_be_served_is_an_error_of_ours(one_endpoint: dict[str, Any], models: Models) -> None:
    @endpoint
    def broken(picture: LayoutFile, model: Model, size: int) -> Layout: ...

    with gr.Blocks(), pytest.raises(TypeError, match=r"broken\(size\) needs an annotation with one Parameter"):
        serving.add_endpoints(models, "faces")


def test_two_annotations_are_too_many() -> None:
    twice = Annotated[int, Parameter("a", gr.Number), Parameter("b", gr.Number)]

    def function(count: twice) -> Layout: ...  # pyright: ignore[reportInvalidTypeForm]

    function.__annotations__["count"] = twice
    with pytest.raises(TypeError, match="one Parameter"):
        parameters_of(function)
