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
from app.values import Align, Ids, Layout, LayoutFile, Mirror, Model, Seed
from semflow_core.errors import InputError
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
    assert list(ENDPOINTS) == ["synthesize", "read", "segment", "edit", "variations", "trajectory", "morph"]
    assert all(getattr(endpoints, name) is function for name, function in ENDPOINTS.items())


@pytest.mark.parametrize("name", ["synthesize", "read", "segment", "edit", "variations", "trajectory", "morph"])
def test_the_choices_in_the_documentation_are_those_of_the_method(name: str) -> None:
    text = documentation(ENDPOINTS[name])
    assert text.count("\nReturns:\n") == 1
    if "solver" in parameters_of(ENDPOINTS[name]):
        assert all(solver in text for solver in SOLVERS)
    if "grid" in parameters_of(ENDPOINTS[name]):
        assert all(grid in text for grid in GRIDS)


def test_a_docstring_may_say_more_of_a_parameter_than_its_annotation() -> None:
    text = documentation(endpoints.edit)
    assert "    layout: its layout after the change, as for /synthesize: of the whole photo, or of the face" in text
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


def served(models: Models, name: str) -> Any:
    with gr.Blocks() as demo:
        serving.add_endpoints(models, "faces")
    return next(f.fn for f in demo.fns.values() if f.api_name == name)


def test_a_layout_is_read_and_its_line_is_given(models: Models, tmp_path: Path) -> None:
    labels = np.zeros((16, 20), np.uint8)
    labels[:, :5] = 17
    Image.fromarray(labels).save(tmp_path / "layout.png")
    read = served(models, "read")
    written, line = read(str(tmp_path / "layout.png"), "faces", "")
    assert np.array_equal(np.asarray(Image.open(written)), labels)
    assert line.startswith("Read 8-bit grey PNG, 20x16, 2 classes: background 75 %, neck 25 %.")
    written, line = read(str(tmp_path / "layout.png"), "faces", "bisenet")
    assert (np.asarray(Image.open(written))[:, :5] == 13).all() and "BiSeNet's face parser's, as asked" in line


def test_a_whole_photo_is_aligned_as_in_the_studio(models: Models, tmp_path: Path, sentences: list[str]) -> None:
    pixels = np.full((40, 64, 3), 200, np.uint8)  # without a face: the centre is taken
    Image.fromarray(pixels).save(tmp_path / "photo.png", dpi=(300, 300))
    segment = served(models, "segment")
    file = segment(str(tmp_path / "photo.png"), "faces", 3, "euler", "uniform", True, 0.0, True)
    layout = np.asarray(Image.open(file))
    assert (layout[:, 12:52] == 1).all() and not layout[:, :12].any() and not layout[:, 52:].any()
    assert sentences == ["No face was found, so the centre of the photo was taken."]
    for name, value in (("before", 0), ("after", 13)):
        write_layout(tmp_path / f"{name}.png", np.full((40, 64), value, np.uint8), PALETTE)
    edit = served(models, "edit")
    files = [str(tmp_path / f"{name}.png") for name in ("photo", "after", "before")]
    written, changed = edit(files[0], files[1], "faces", 4, 0, "euler", "quadratic", files[2], "", True)
    with Image.open(written) as image:
        assert round(image.info["dpi"][0]) == 300
        different = (np.asarray(image) != pixels).any(-1)
    assert different[:, 12:52].all() and not different[:, :12].any() and not different[:, 52:].any()
    assert np.array_equal(np.asarray(Image.open(changed)) > 0, different)
    assert any(s.startswith("layout: Read indexed PNG, 64x40, 1 class: hair 100 %.") for s in sentences)
    write_layout(tmp_path / "after.png", np.zeros((64, 40), np.uint8), PALETTE)
    with pytest.raises(gr.Error, match="is 40x64 pixels and its photo 64x40"):
        edit(files[0], files[1], "faces", 4, 0, "euler", "quadratic", files[2], "", True)


@pytest.mark.parametrize("value", [None, 0, 1, "false", "true", [], [False], 0.0])
@pytest.mark.parametrize("kind", [Align, Mirror])
def test_what_is_neither_true_nor_false_is_refused(kind: Any, value: object) -> None:
    read = kind.__metadata__[0].read
    assert read(True, None, "align") is True and read(False, None, "align") is False
    with pytest.raises(InputError, match=r"align is .*; it must be true or false"):
        read(value, None, "align")


def test_ids_may_be_null_and_their_values_have_few_digits(models: Models, tmp_path: Path) -> None:
    write_layout(tmp_path / "x.png", np.full((32, 32), 3, np.uint8), PALETTE)
    read = Ids.__metadata__[0].read  # pyright: ignore[reportAttributeAccessIssue]
    pipeline = models.pipeline("faces")
    assert read(None, pipeline, "ids") == ""
    with pytest.raises(InputError, match="is no pair of a pixel value and a class"):
        endpoints.read(str(tmp_path / "x.png"), pipeline, "1" * 5000 + "=hair")
