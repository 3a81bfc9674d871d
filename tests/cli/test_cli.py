from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from semflow_core.cli.main import main
from semflow_core.method.palette import load_palette
from semflow_core.pictures.layouts import read_layout, write_layout
from semflow_core.pictures.photos import read_photo
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests.packing import pack_labels, pack_photo
from semflow_core.requests.requests import SegmentationRequest, SynthesisRequest

from ..pictures.test_images import png_header

REPOSITORY = Path(__file__).parents[2]
FACES = load_palette("celebamask_hq")


@pytest.fixture
def inputs(tmp_path: Path, face_layout: np.ndarray, photo: np.ndarray) -> Path:
    """A folder with two layouts, two photos and everything that can be wrong with a file."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    write_layout(folder / "face.png", face_layout, FACES)
    Image.fromarray(FACES.colorize(FACES.flip(face_layout))).save(folder / "coloured.png")
    Image.fromarray(photo).save(folder / "wide.png")
    Image.fromarray(photo[:, :40].repeat(2, axis=0)).save(folder / "high.jpg")
    (folder / "text.png").write_text("not an image")
    whole = (folder / "wide.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.new("L", (1, 1)).save(folder / "small.png")
    (folder / "huge.png").write_bytes(png_header(10_000, 10_000))
    Image.new("L", (32, 32), 19).save(folder / "foreign.png")
    (folder / "twin").mkdir()
    (folder / "twin" / "face.png").write_bytes((folder / "face.png").read_bytes())
    (folder / "twin" / "wide.png").write_bytes((folder / "wide.png").read_bytes())
    return folder


def run(*words: object) -> int:
    return main([str(w) for w in words])


# ---- what works --------------------------------------------------------------------------------------------


def test_synthesize(tiny_model: Path, inputs: Path, tmp_path: Path, face_layout: np.ndarray) -> None:
    files = (inputs / "face.png", inputs / "coloured.png")
    assert run("synthesize", "--model", tiny_model, "--steps", 2, "--seed", 3, *files, "--out", tmp_path / "out") == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["coloured.png", "face.png"]
    request = SynthesisRequest(steps=2, seed=3, layout=pack_labels(face_layout))
    expected = load_pipeline(str(tiny_model)).synthesize(request).photo
    made = read_photo(tmp_path / "out" / "face.png")
    assert made.shape == (32, 32, 3)
    assert np.abs(made.astype(int) - expected).max() <= 1, "a batch of two may round differently from one"


def test_the_same_command_gives_the_same_bytes_and_options_matter(
    tiny_model: Path, inputs: Path, tmp_path: Path
) -> None:
    def made(*options: object) -> bytes:
        assert run("synthesize", "--model", tiny_model, inputs / "face.png", "--out", tmp_path / "out", *options) == 0
        return (tmp_path / "out" / "face.png").read_bytes()

    plain = made()
    assert made("--steps", 8, "--seed", 0, "--solver", "euler", "--grid", "quadratic", "--beta", 40) == plain
    others = [
        made("--steps", 7),
        made("--seed", 1),
        made("--solver", "heun"),
        made("--grid", "uniform"),
        made("--beta", 5),
        made("--class-seed", "13=7"),
        made("--class-seed", "13=7", "--class-seed", "1=7"),
    ]
    assert len({plain, *others}) == 8


def test_colours_matter_where_a_model_takes_them(
    tiny_model: Path, tiny_appearance: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    made = set()
    for options in ((), ("--color", "hair=#ff8000"), ("--color", "hair=#ff8000", "--color", "skin=#ffffff")):
        assert run("synthesize", "--model", tiny_appearance, inputs / "face.png", "--out", out, *options) == 0
        made.add((out / "face.png").read_bytes())
    assert len(made) == 3
    assert "skin is never #ffffff in the training data; it gets #" in capsys.readouterr().err
    for model, color, words in (
        (tiny_model, "hair=#ff8000", "takes no colours"),
        (tiny_appearance, "wig=#ff8000", "no class 'wig'"),
        (tiny_appearance, "hair=orange", "'orange' is no colour"),
        (tiny_appearance, "hair", "must be written CLASS=#RRGGBB"),
    ):
        command = ("synthesize", "--model", model, inputs / "face.png", "--out", out, "--color", color)
        assert words in refused(capsys, *command)


def test_an_edit_may_be_a_colour_alone(
    tiny_appearance: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], photo: np.ndarray
) -> None:
    command = ("edit", "--model", tiny_appearance, inputs / "wide.png", "--out", tmp_path / "out")
    colors = [w for c in load_pipeline(str(tiny_appearance)).palette.classes for w in ("--color", f"{c.name}=#ff8000")]
    assert run(*command, *colors) == 0  # whatever a model of random weights sees in it
    made = read_photo(tmp_path / "out" / "wide.png")
    assert made.shape == photo.shape and not np.array_equal(made, photo)
    assert "nothing is to change" in refused(capsys, *command)


def test_the_path_of_a_photo_takes_no_colours(
    tiny_appearance: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ("animate", "--model", tiny_appearance, inputs / "wide.png", "--out", tmp_path / "path.gif")
    assert "--color is for layouts" in refused(capsys, *command, "--color", "hair=#ff8000")


def test_segment(tiny_model: Path, inputs: Path, tmp_path: Path, photo: np.ndarray) -> None:
    files = (inputs / "wide.png", inputs / "high.jpg")
    assert (
        run(
            "segment",
            "--model",
            tiny_model,
            "--no-align",
            "--batch",
            1,
            "--steps",
            2,
            *files,
            "--out",
            tmp_path / "out",
        )
        == 0
    )
    assert sorted(os.listdir(tmp_path / "out")) == ["high.png", "wide.png"]
    expected = load_pipeline(str(tiny_model)).segment(SegmentationRequest(steps=2, photo=pack_photo(photo))).labels
    with Image.open(tmp_path / "out" / "wide.png") as image:
        assert image.mode == "P" and image.size == (56, 40)
        assert np.array_equal(np.asarray(image), expected)
    assert read_layout(tmp_path / "out" / "high.png", FACES).shape == (80, 40)


def test_segment_reads_as_the_model_does_best_unless_told(
    tiny_model: Path, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_model, own)
    index = own / "model_index.json"
    reading = {"reading": {"steps": 3, "mirror": True, "smooth": 2.0}}
    index.write_text(json.dumps(json.loads(index.read_text()) | reading))
    asked: list[Any] = []
    segment_many = SemFlowPipeline.segment_many

    def spy(self: SemFlowPipeline, requests: list[SegmentationRequest]) -> Any:
        asked.extend((r.steps, r.mirror, r.smooth) for r in requests)
        return segment_many(self, requests)

    monkeypatch.setattr(SemFlowPipeline, "segment_many", spy)
    for how in ((), ("--steps", 5), ("--no-mirror",), ("--smooth", 0)):
        assert run("segment", "--model", own, "--no-align", *how, inputs / "wide.png", "--out", tmp_path / "out") == 0
    assert asked == [(3, True, 2), (5, True, 2), (3, False, 2), (3, True, 0)]


def test_edit(tiny_model: Path, inputs: Path, tmp_path: Path, photo: np.ndarray, face_layout: np.ndarray) -> None:
    out = tmp_path / "out"
    write_layout(inputs / "after.png", np.where(face_layout == 4, 3, face_layout).astype(np.uint8), FACES)
    words = ("edit", "--model", tiny_model, inputs / "wide.png", "--layout", inputs / "after.png")
    assert run(*words, "--before", inputs / "face.png", "--steps", 2, "--out", out) == 0
    edited = read_photo(out / "wide.png")
    assert edited.shape == photo.shape
    changed = (edited != photo).any(-1)
    assert changed.any() and not changed.all()
    assert run(*words[:-1], inputs / "text.png", "--out", tmp_path / "never") == 2
    assert not (tmp_path / "never").exists() or not os.listdir(tmp_path / "never")


@pytest.mark.parametrize("start", ["face.png", "coloured.png", "wide.png"])
def test_animate(tiny_model: Path, inputs: Path, tmp_path: Path, start: str) -> None:
    assert (
        run(
            "animate",
            "--model",
            tiny_model,
            "--steps",
            2,
            "--frames",
            5,
            inputs / start,
            "--out",
            tmp_path / "a.webp",
        )
        == 0
    )
    with Image.open(tmp_path / "a.webp") as image:
        assert len(list(ImageSequence.Iterator(image))) == 5 and image.size == (32, 32)


def test_a_folder_of_parts_is_one_layout(
    tiny_model: Path, face_layout: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "00012"
    folder.mkdir()
    for name, class_id in (("hair", 13), ("skin", 1)):
        Image.fromarray((face_layout == class_id).astype(np.uint8) * 255).save(folder / f"00012_{name}.png")
    assert run("synthesize", "--model", tiny_model, "--steps", 1, folder, "--out", tmp_path / "out") == 0
    assert os.listdir(tmp_path / "out") == ["00012.png"]
    assert capsys.readouterr().err == "semflow: 00012: Put together from 2 parts.\n"


def test_animate_into_a_folder(tiny_model: Path, inputs: Path, tmp_path: Path) -> None:
    assert run("animate", "--model", tiny_model, "--frames", 3, inputs / "face.png", "--out", tmp_path / "frames") == 0
    assert sorted(os.listdir(tmp_path / "frames")) == ["000.png", "001.png", "002.png"]


def test_evaluate(
    tiny_model: Path,
    tmp_path: Path,
    photo: np.ndarray,
    face_layout: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for i in range(3):
        Image.fromarray(np.roll(photo[:40, :40], i, axis=1)).save(tmp_path / "images" / f"{i}.jpg")
        Image.fromarray(np.roll(face_layout[:40, :40], i, axis=1)).save(tmp_path / "masks" / f"{i}.png")
    target = tmp_path / "figures" / "f.json"
    words = [
        "evaluate",
        "--model",
        tiny_model,
        "--images",
        tmp_path / "images",
        "--masks",
        tmp_path / "masks",
    ]
    assert run(*words, "--last", 2, "--steps", "1,3", "--json", target) == 0
    figures = json.loads(target.read_text())
    assert figures["model"] == "tiny" and figures["seed"] == 0
    assert [(r["steps"], r["n"], r["resolution"]) for r in figures["rows"]] == [(1, 2, 32), (3, 2, 32)]
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("Layouts: the last 2 of 3 pairs in sorted order, n = 2, 32x32")
    assert [line.split()[1] for line in printed[2:6:2]] == ["steps", "1"] and printed[5].split()[1] == "3"
    # it is no other model than itself
    assert run(*words, "--last", 2, "--steps", "2", "--reader", tiny_model, "--json", target) == 0
    row = json.loads(target.read_text())["rows"][0]
    assert row["read_by_other"] == row["cycle"]
    assert f"cycle mIoU, read by {tiny_model}" in capsys.readouterr().out
    miou = figures["rows"][0]["segmentation"]["miou"]
    assert miou["low"] <= miou["value"] <= miou["high"] < 10 and f"{miou['value']:.2f} [" in printed[4]


def test_models_and_names(tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "--models", tiny_model.parent) == 0
    assert f"tiny\t{tiny_model}" in capsys.readouterr().out.splitlines()
    words = ["--model", "tiny", "--models", tiny_model.parent, "--steps", 1]
    assert run("synthesize", *words, inputs / "face.png", "--out", tmp_path / "out") == 0


# ---- what is refused ---------------------------------------------------------------------------------------


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The message of a command that must end in status 2 and one line on stderr."""
    capsys.readouterr()
    assert run(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("semflow: error: ") and err.count("\n") == 1 and err.endswith("\n")
    return err


@pytest.mark.parametrize("command, good", [("synthesize", "face.png"), ("segment", "high.jpg")])
@pytest.mark.parametrize(
    "file, words",
    [
        ("text.png", "text.png is not a picture"),
        ("cut.png", "cut.png is damaged or cut off"),
        ("small.png", "small.png is 1x1 pixels"),
        ("huge.png", "huge.png is 10000x10000 pixels"),
        ("gone.png", "there is no file"),
        ("twin", ""),  # a folder: for synthesize one of parts (test_formats.py), of which it has none
    ],
)
def test_bad_files_are_refused_before_anything_is_written(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    good: str,
    file: str,
    words: str,
) -> None:
    out = tmp_path / "out"
    options = ["--model", tiny_model, "--out", out, "--batch", 1]
    assert words in refused(capsys, command, inputs / good, inputs / file, *options)
    assert not out.exists(), "the good input must wait for the bad one"


@pytest.mark.parametrize(
    "file, words",
    [
        ("foreign.png", "no class of celebamask_hq: 19"),
        ("wide.png", "colours that are no class of celebamask_hq"),
    ],
)
def test_layouts_of_another_palette_are_refused(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, words: str
) -> None:
    out = tmp_path / "out"
    options = ["--model", tiny_model, "--out", out, "--batch", 1]
    message = refused(capsys, "synthesize", inputs / "face.png", inputs / file, *options)
    assert file in message and words in message
    assert not out.exists()


@pytest.mark.parametrize(
    "command, file", [("synthesize", "face.png"), ("segment", "wide.png"), ("animate", "face.png")]
)
@pytest.mark.parametrize(
    "options, words",
    [
        (["--steps", "0"], "number of steps is 0"),
        (["--steps", "1000000"], "number of steps is 1000000"),
        (["--steps", "-1"], "number of steps is -1"),
        (["--steps", "many"], "invalid int value: 'many'"),
        (["--solver", "magic"], "no solver 'magic'; it is one of euler"),
        (["--grid", "log"], "no time grid 'log'"),
        (["--device", "abacus"], "there is no device 'abacus'"),
        (["--models", "nowhere"], "folder nowhere does not exist"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
        (["--step", "2"], "unrecognized arguments: --step"),
    ],
)
def test_bad_options_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    file: str,
    options: list[str],
    words: str,
) -> None:
    out = tmp_path / "out"
    assert words in refused(capsys, command, "--model", tiny_model, inputs / file, "--out", out, *options)
    assert not out.exists()


@pytest.mark.parametrize("command", ["synthesize", "animate"])
@pytest.mark.parametrize(
    "options, words",
    [
        (["--seed", "-1"], "the seed is -1"),
        (["--seed", str(2**53)], "whole number from 0 to"),
        (["--beta", "62.5"], "below s/2 = 62.5"),
        (["--beta", "-1"], "amplitude is -1"),
        (["--beta", "nan"], "beta is 'nan'"),
        (["--class-seed", "13"], "not written ID=SEED"),
        (["--class-seed", "13=x"], "not written ID=SEED"),
        (["--class-seed", "19=1"], "19 names no class of celebamask_hq"),
        (["--class-seed", "999=1"], "999 names no class"),
        (["--class-seed", f"13={2**53}"], f"the seed is {2**53}"),
    ],
)
def test_bad_perturbations_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: list[str],
    words: str,
) -> None:
    out = tmp_path / "out"
    assert words in refused(capsys, command, "--model", tiny_model, inputs / "face.png", "--out", out, *options)
    assert not out.exists()


@pytest.mark.parametrize(
    "command, file", [("synthesize", "face.png"), ("segment", "wide.png"), ("animate", "face.png")]
)
def test_missing_models_and_unwritable_places_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    file: str,
) -> None:
    before = sorted(tmp_path.rglob("*"))
    message = refused(capsys, command, "--model", "nobody", inputs / file, "--out", tmp_path / "out")
    assert "there is no model 'nobody'" in message
    below_a_file = inputs / "text.png" / "out"
    assert "cannot be written to" in refused(
        capsys, command, "--model", tiny_model, inputs / file, "--out", below_a_file
    )
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("command, file", [("synthesize", "face.png"), ("segment", "wide.png")])
def test_two_inputs_for_one_output_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: str,
    file: str,
) -> None:
    twins = (inputs / file, inputs / "twin" / file)
    message = refused(capsys, command, "--model", tiny_model, *twins, "--out", tmp_path / "out")
    assert f"would both be written to {file}" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options, words",
    [
        (["--frames", "1"], "number of frames is 1"),
        (["--frames", "241"], "number of frames is 241"),
        (["--fps", "0"], "from 0.1 to 100"),
        (["--fps", "nan"], "from 0.1 to 100"),
        (["--out", "a.avi"], "not as .avi"),
    ],
)
def test_bad_animations_are_refused(
    tiny_model: Path,
    inputs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    out = ["--out", tmp_path / "a.gif"]
    assert words in refused(capsys, "animate", "--model", tiny_model, inputs / "face.png", *out, *options)
    assert not (tmp_path / "a.gif").exists()


def test_a_layout_with_foreign_ids_is_not_animated_as_a_photo(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, "animate", "--model", tiny_model, inputs / "foreign.png", "--out", tmp_path / "a.gif")
    assert "no class of celebamask_hq: 19" in message


@pytest.mark.parametrize(
    "words, message",
    [
        ([], "the following arguments are required: COMMAND"),
        (["paint"], "invalid choice: 'paint'"),
        (["synthesize"], "the following arguments are required: LAYOUT, --out"),
        (["segment", "a.png"], "the following arguments are required: --out"),
        (["segment", "a.png", "--out", "b", "--batch", "0"], "'0' is not a whole number above 0"),
        (["evaluate", "--images", "nowhere", "--masks", "nowhere"], "there are no masks"),
        (
            ["evaluate", "--images", "a", "--masks", "a", "--steps", "1,0"],
            "'0' is not a whole number above 0",
        ),
        (["evaluate", "--images", "a", "--masks", "a", "--steps", "1,1001"], "number of steps is 1001"),
        (["evaluate", "--images", "a", "--masks", "a", "--last", "x"], "'x' is not a whole number above 0"),
        (["models", "--models", "nowhere"], "folder nowhere does not exist"),
        (["train", "nowhere.yaml"], "the configuration nowhere.yaml cannot be read"),
        (["train"], "the following arguments are required: CONFIG"),
    ],
)
def test_bad_commands_are_refused(capsys: pytest.CaptureFixture[str], words: list[str], message: str) -> None:
    assert message in refused(capsys, *words)


def test_a_reader_must_know_the_same_classes(
    tiny_model: Path, tiny_streets: Path, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "--model", tiny_model, "--images", inputs, "--masks", inputs, "--reader", tiny_streets]
    assert "has the classes of cityscapes at 32 pixels; it must be celebamask_hq at 32" in refused(capsys, *words)


def test_a_mask_without_a_photo_is_named(
    tiny_model: Path, inputs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "lonely.png").write_bytes((inputs / "face.png").read_bytes())
    target = tmp_path / "f.json"
    words = [
        "evaluate",
        "--model",
        tiny_model,
        "--images",
        inputs,
        "--masks",
        tmp_path / "masks",
        "--json",
        target,
    ]
    assert "masks/lonely.png has no photo" in refused(capsys, *words)
    assert not target.exists()


# ---- as a program ------------------------------------------------------------------------------------------


def program(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "semflow_core", *map(str, words)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=600)


def test_as_a_program_an_error_is_status_2_and_one_line(tiny_model: Path, inputs: Path, tmp_path: Path) -> None:
    done = program("synthesize", "--model", tiny_model, inputs / "foreign.png", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("semflow: error: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_as_a_program_success_is_status_0(tiny_model: Path, inputs: Path, tmp_path: Path) -> None:
    done = program(
        "segment", "--no-align", "--model", tiny_model, "--steps", 1, inputs / "wide.png", "--out", tmp_path / "out"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "wide.png").is_file()


def test_help_answers_without_the_heavy_modules() -> None:
    code = "import sys; from semflow_core.cli import main as cli; cli.build_parser().format_help(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "semflow_core.cli.main" in loaded
    assert not loaded & {"torch", "diffusers", "numpy", "PIL", "cv2"}
