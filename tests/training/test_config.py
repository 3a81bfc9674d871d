"""Reading a file with overrides, and the parts of a configuration that all stages share."""

from __future__ import annotations

from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.training.config import DomainConfig, OptimConfig, build, domain_of, read_config

REPOSITORY = Path(__file__).parents[2]


def test_overrides_lie_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("optim: {steps: 5, lr: 1}\n")
    raw = read_config(file, ["optim.steps=7", "flow.endpoint.weight=0.5", "stages=[flow]"])
    assert raw == {
        "optim": {"steps": 7, "lr": 1},
        "flow": {"endpoint": {"weight": 0.5}},
        "stages": ["flow"],
    }


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("a: 1", ["beta"], "'beta' must be written key=value"),
        ("a: 1", ["out=[a"], "'out=.a' has a value that is not YAML"),
        ("a: 1", ["a.b=2"], "'a.b=2': a has no keys of its own"),
        ("a: [", [], "is not YAML"),
        ("- a", [], "must hold key: value lines"),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, overrides: list[str], message: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(InputError, match=message):
        read_config(tmp_path / "a.yaml", overrides)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.yaml cannot be read"):
        read_config(tmp_path / "none.yaml", [])


def test_a_rate_may_be_written_as_yaml_takes_for_a_text() -> None:
    assert build(OptimConfig, {"lr": "1e-3"}).lr == 1e-3


def test_a_domain_holds_out_at_least_one_pair() -> None:
    with pytest.raises(InputError, match="held_out is 0"):
        DomainConfig("celebamask_hq", "pairs", 0)


def test_the_domain_of_a_configuration() -> None:
    assert domain_of(REPOSITORY / "configs" / "streets.yaml", []).palette == "cityscapes"
    with pytest.raises(InputError, match="codec.yaml has no key 'latents.domain'"):
        domain_of(REPOSITORY / "configs" / "codec.yaml", [])
