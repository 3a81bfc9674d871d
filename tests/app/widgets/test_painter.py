"""The painter's border: packed strings in, class ids out, and the other way."""

from __future__ import annotations

import base64
import inspect
import json
import zlib
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from app.state.examples import first_layout, load_examples
from app.state.names import READABLE
from app.state.sentences import sentence
from app.state.sheet import Sheet
from app.widgets.painter import Painter, painter_props
from semflow_core.method.palette import load_palette, palette_names


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(**painter_props(load_palette("celebamask_hq")))


def test_ids_survive_both_ways(painter: Painter) -> None:
    labels = np.random.default_rng(0).integers(0, 256, (48, 80)).astype(np.uint8)
    packed = painter.postprocess(labels)
    assert packed is not None and packed.startswith("80,48;")
    assert np.array_equal(painter.preprocess(packed).labels, labels) and painter.preprocess(packed).number == 0


def test_a_labelled_photos_number_goes_with_its_layout(painter: Painter) -> None:
    packed = painter.postprocess(Sheet(np.ones((20, 16), np.uint8), 12))
    assert packed is not None and packed.endswith(";12")
    assert painter.preprocess(packed).number == 12 and painter.preprocess(packed).labels.min() == 1


def test_the_number_of_a_landing_comes_with_what_is_painted_on_it(painter: Painter) -> None:
    packed = painter.postprocess(np.ones((20, 16), np.uint8))
    for end, number, landing in (
        (";;77", 0, 77),
        (";12;77", 12, 77),
        (";12", 12, 0),
        (";;" + 20 * "9", 0, 0),
        (";;x", 0, 0),
    ):
        sheet = painter.preprocess(f"{packed}{end}")
        assert (sheet.number, sheet.landing) == (number, landing) and sheet.labels.min() == 1


def test_what_a_browser_packs_is_read(painter: Painter) -> None:
    """The form spelled out, without either side's code."""
    ids = bytes(i % 19 for i in range(16 * 20))
    text = "20,16;" + base64.b64encode(zlib.compress(ids)).decode()
    assert painter.preprocess(text).labels.tobytes() == ids


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "20,16;",
        "20,16;!!!",
        "20,16;" + base64.b64encode(b"not zlib").decode(),
        "20,16;" + base64.b64encode(zlib.compress(bytes(19 * 16))).decode(),  # too little
        "20,16;" + base64.b64encode(zlib.compress(bytes(10_000_000))).decode(),  # a bomb: much too much
        "100000,100000;" + base64.b64encode(zlib.compress(b"")).decode(),
        "-20,16;AAAA",
    ],
)
def test_damaged_values_are_refused_in_a_sentence(painter: Painter, text: str | None) -> None:
    with pytest.raises(gr.Error) as error:
        painter.preprocess(text)
    assert str(error.value.message).startswith("The layout")


def test_none_leaves_the_canvas_alone(painter: Painter) -> None:
    assert painter.postprocess(None) is None
    assert painter.api_info()["type"] == "string"


@pytest.mark.parametrize("name", palette_names())
def test_every_palette_gets_names_and_keeps_groups_together(name: str) -> None:
    palette = load_palette(name)
    classes = painter_props(palette)["classes"]
    assert {c["id"] for c in classes} == {c.id for c in palette.classes}
    assert all("_" not in c["name"] for c in classes)
    groups = [c["group"] for c in classes]
    changes = [g for g, before in zip(groups, [None, *groups]) if g != before]
    assert len(changes) == len(set(changes))


def test_symmetry_gets_the_pairs_that_a_flip_exchanges() -> None:
    palette = load_palette("celebamask_hq")
    assert [tuple(pair) for pair in painter_props(palette)["mirror"]] == list(palette.mirror)
    assert painter_props(load_palette("coco_stuff"))["mirror"] == []


def test_every_script_is_joined() -> None:
    assert {p.stem for p in Path(inspect.getfile(Painter)).parent.glob("*.js")} == set(Painter.SCRIPTS)


def test_readable_names_are_of_classes_that_exist() -> None:
    known = {c.name for name in palette_names() for c in load_palette(name).classes}
    assert set(READABLE) <= known


@pytest.mark.parametrize(
    "name, titles",
    [("celebamask_hq", ["Long hair", "Glasses", "Hat"]), ("cityscapes", ["Street", "Avenue", "Crossing"])],
)
def test_examples_are_layouts_of_their_palette(name: str, titles: list[str]) -> None:
    palette = load_palette(name)
    examples = load_examples(palette, 256, 128)
    assert [title for title, _ in examples] == titles
    for _, labels in examples:
        assert labels.shape == (128, 256)
        palette.index(labels)
        assert len(np.unique(labels)) >= 8
    assert np.array_equal(first_layout(palette, 256, 128), examples[0][1])


def test_face_examples_have_left_and_right_where_the_data_set_has_them() -> None:
    """The person's left is the picture's right: or a model trained on the data set would get a mirrored face."""
    palette = load_palette("celebamask_hq")
    ids = {c.name: c.id for c in palette.classes}
    for _, labels in load_examples(palette, 256, 256):
        for part in ("eye", "brow"):
            left, right = (np.nonzero(labels == ids[f"{side}_{part}"])[1].mean() for side in "lr")
            assert left > right


def test_sentences() -> None:
    assert sentence(ValueError("the seed is -1")) == "The seed is -1."
    assert sentence(ValueError("Already one.")) == "Already one."


def test_its_settings_are_plain_values() -> None:
    """Gradio copies and sends a component's configuration; an event in it can be neither copied nor sent."""
    with gr.Blocks():
        config = Painter(photo="", heat="data:,").get_config()
    assert (config["photo"], config["heat"]) == ("", "data:,")
    json.dumps(config)
