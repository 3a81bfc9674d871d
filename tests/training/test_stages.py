"""What a configuration asks for, and what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.training.stages import STAGES, read_plan

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("codec", "codec"),
        ("faces", "backbone flow renderer finish reader guide"),
        ("streets", "backbone flow renderer finish reader guide"),
    ],
)
def test_the_shipped_configurations_have_no_unread_key(name: str, stages: str) -> None:
    plan = read_plan(CONFIGS / f"{name}.yaml", [])
    assert plan.run.stages == stages.split() == list(plan.sections)
    domains = plan.sections["codec"].domains.values() if plan.latents is None else [plan.latents.domain]
    for domain in domains:
        assert domain.codebook().max_beta == 62.5


@pytest.mark.parametrize("kind", [name for name in STAGES if name != "codec"])
def test_every_kind_that_is_trained_on_latents_can_be_asked_for_beside_the_flow(kind: str) -> None:
    more = {"flow": ["flow.photo_reading.weight=0"], "renderer": ["renderer.model=a"], "finish": ["finish.model=a"]}
    plan = read_plan(CONFIGS / "faces.yaml", [f"kind={kind}", *more.get(kind, [])])
    assert plan.run.stages == [kind] and plan.latents is not None and plan.latents.copies == 20
    assert plan.export(kind) == Path("runs/faces") / kind / "export"


def test_a_sections_optim_lies_over_the_runs(file: Path) -> None:
    plan = read_plan(file, ["stages=[backbone, flow]", "optim.lr=1e-2", "backbone.optim.steps=7"])
    assert plan.sections["backbone"].optim.steps == 7 and plan.sections["flow"].optim.steps == 3
    assert plan.sections["backbone"].optim.lr == plan.sections["flow"].optim.lr == 1e-2


def test_the_command_lines_optim_lies_over_the_files_sections() -> None:
    faces = CONFIGS / "faces.yaml"  # whose backbone has steps of its own
    assert read_plan(faces, ["kind=backbone"]).sections["backbone"].optim.steps == 1100
    assert read_plan(faces, ["kind=backbone", "optim.steps=50"]).sections["backbone"].optim.steps == 50
    plan = read_plan(faces, ["backbone.optim.steps=7", "optim={steps: 50}"])
    assert plan.sections["backbone"].optim.steps == 7 and plan.sections["flow"].optim.steps == 50


def test_settings_of_a_term_that_is_off_by_name_may_stay_in_the_file(config: dict, tmp_path: Path) -> None:
    from .conftest import write

    config["flow"]["endpoint"] = {"weight": 0, "power": 0.7}
    assert read_plan(write(tmp_path / "a.yaml", config), []).sections["flow"].endpoint.power == 0.7
    config["flow"]["endpoint"] = {"power": 0.7}
    with pytest.raises(InputError, match="flow.endpoint.power is not read, as flow.endpoint is off; set .*weight"):
        read_plan(write(tmp_path / "a.yaml", config), [])
    assert read_plan(tmp_path / "a.yaml", ["flow.endpoint.weight=1"]).sections["flow"].endpoint.weight == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["optim.stepz=3"], "unknown key 'optim.stepz'"),
        (["sise=3"], "unknown key 'sise'; known are out, stages, .*, flow"),
        (["flow.endpoint.sise=3"], "unknown key 'flow.endpoint.sise'; known are power, samples, weight"),
        (["flow.adversarial=1"], "unknown key 'flow.adversarial'; known are backbone, endpoint"),
        (["latents.domain.k=two"], "latents.domain.k is 'two'; it must be a whole"),
        (["optim=3"], "'optim' must have keys"),
        (["flow=3"], "'flow' must have keys"),
        (["flow.optim=3"], "'flow.optim' must have keys"),
        (["kind=gan"], "stage 'gan'.*codec, backbone, flow"),
        (["stages=[]"], "at least one stage"),
        (["stages=[flow, flow]"], "each once"),
        (["latents.domain.held_out=0"], "held_out is 0"),
        (["optim.lr=fast"], "optim.lr is 'fast'; it must be a number"),
        (["optim.betas=[0.9]"], "two betas"),
        (["flow.unet.widths=[a]"], "flow.unet.widths is ..a..; it must be a list of"),
        (
            ["kind=dsm", "flow.endpoint.weight=5"],
            "'flow.endpoint.weight=5' is not read: .*section 'flow', only dsm, lat",
        ),
        (["kind=dsm", "dsm.endpoint.weight=5"], "unknown key 'dsm.endpoint'; known are optim, unet"),
        (["kind=backbone", "flow.init=x"], "'flow.init=x' is not read"),
        (["kind=codec", "codec.teacher=x", "codec.domains={}", "latents.beta=1"], "'latents.beta=1' is not read"),
        (["kind=codec"], "incomplete.*teacher"),
        (["flow.time_sampling=late"], "no time sampling 'late'; it is one of uniform, u_shaped"),
        (["stages=[backbone, flow]", "flow.backbone=x"], "flow.backbone is 'x', and the stage backbone trains another"),
        (["flow.network=x", "flow.init=y", "flow.unet={}"], "flow.network is 'x', so flow.init is not used"),
        (["flow.network=x"], "so flow.unet is not used"),
        (["flow.network=x", "flow.unet={}", "stages=[backbone, flow]"], "so the stage backbone is not used"),
        # before the first stage of several, which may train for an hour
        (["stages=[backbone, flow]", "flow.endpoint={weight: 1, samples: 99}"], "flow.endpoint needs 99 samples"),
        (["stages=[backbone, flow]", "flow.off_path.samples=-1"], "flow.off_path.samples is -1; it must be at least 0"),
        (["stages=[backbone, flow]", "flow.off_path.samples=2"], "flow.off_path needs 1 samples .* a batch has 0"),
        (
            ["stages=[backbone, flow]", "flow.unet.widths=[1, 2]"],
            "unet.widths is .1, 2.; each must be a mult",
        ),
        (["flow.unet={widths: [32], attention: [true, false]}"], "one entry per level"),
        (["flow.unet.head_dim=0"], "unet.head_dim from 1 to"),
        (["stages=[flow, backbone]"], r"stages is \[flow, backbone\]; backbone must come before flow"),
        (["flow.endpoint.weight=-1"], "flow.endpoint.weight is -1; it must be at least 0"),
        (["flow.endpoint={weight: 1, power: 2}"], "endpoint.power is 2; it must be a number from 0 to 1"),
        (["kind=shortcut", "shortcut.share=-1"], "shortcut.share is -1; it must be a number from 0 to 1"),
        (["latents.sloppy=2"], "latents.sloppy is 2; it must be a number from 0 to 1"),
        (["flow.endpoint.power=0.7"], "flow.endpoint.power is not read, as flow.endpoint is off"),
        (["flow.endpoint={weight: 0, power: 0.7}"], "flow.endpoint.power is not read"),
        (["flow.reflow.steps=4"], "flow.reflow.steps is not read, as flow.reflow is off; set flow.reflow.model"),
        (["flow.photo_reading.weight=1"], "flow.photo_reading needs a backbone: train one first"),
        (["kind=shortcut", "shortcut.photo_reading.weight=1"], "needs a backbone, which only the stage flow has; set"),
    ],
)
def test_a_wrong_configuration_is_named(file: Path, words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_plan(file, words)


def test_a_mistake_in_a_section_that_does_not_run_is_found_too(config: dict, tmp_path: Path) -> None:
    from .conftest import write

    config["shortcut"]["sise"] = 3
    with pytest.raises(InputError, match="unknown key 'shortcut.sise'"):
        read_plan(write(tmp_path / "a.yaml", config), [])


def test_a_run_on_latents_needs_their_section(config: dict, tmp_path: Path) -> None:
    from .conftest import write

    del config["latents"]
    with pytest.raises(InputError, match="no section 'latents', which flow is trained on"):
        read_plan(write(tmp_path / "a.yaml", config), [])


def test_a_run_is_about_all_but_where_things_lie_and_for_how_long(file: Path) -> None:
    words = ["optim.steps=9", "flow.init=x", "out=y", "data=z", "latents.codec=w", "flow.backbone=v"]
    assert read_plan(file, words).subject("flow") == read_plan(file, []).subject("flow")
    about = read_plan(file, ["latents.augment.rotate=1", "flow.endpoint.weight=1"]).subject("flow")
    assert about["latents.augment.rotate"] == 1 and about["flow.endpoint.weight"] == 1 and about["seed"] == 0
