"""The options of app.py: what is refused, what is warned of, and where it listens."""

from __future__ import annotations

import contextlib
import shutil
import unicodedata
from pathlib import Path

import gradio as gr
import pytest

from app.actions.models import Models
from app.deploy import launch
from app.deploy.launch import check, is_public, parser, read_users
from app.studio import build, first_model
from semflow_core.errors import InputError
from semflow_core.pipeline import registry
from semflow_core.pipeline.registry import NO_MODELS, load_pipeline


def test_users_are_read_and_passwords_may_hold_colons(tmp_path: Path) -> None:
    (tmp_path / "users").write_text("ada:one:two\n\nbob: three \n")
    assert read_users(tmp_path / "users") == [("ada", "one:two"), ("bob", " three ")]


@pytest.mark.parametrize(
    "text, words",
    [
        ("ada:one\nsecret\n", "line 2 of .* is not written user:password"),
        ("ada:\n", "line 1 of"),
        (":secret\n", "line 1 of"),
        ("\n\n", "names no user"),
    ],
)
def test_a_bad_users_file_is_refused_without_showing_it(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "users").write_text(text)
    with pytest.raises(InputError, match=words) as caught:
        read_users(tmp_path / "users")
    assert "secret" not in str(caught.value)


def test_a_users_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_users(tmp_path / "gone")
    (tmp_path / "binary").write_bytes(b"ada:one\nbob:\xff\n")
    with pytest.raises(InputError, match="line 2 of binary is no text in UTF-8"):
        read_users(tmp_path / "binary")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_users_are_read_as_any_system_writes_them(tmp_path: Path, encoding: str, line_end: str) -> None:
    lines = ["ada:one\u2028still one\x85", unicodedata.normalize("NFD", "jörg:zwei")]
    (tmp_path / "users").write_bytes(line_end.join(lines).encode(encoding))
    assert read_users(tmp_path / "users") == [("ada", "one\u2028still one\x85"), ("jörg", "zwei")]


@pytest.mark.parametrize(
    "host, public",
    [
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.1.2", True),
        ("studio.example.org", True),
    ],
)
def test_which_hosts_others_reach(host: str, public: bool) -> None:
    assert is_public(host) == public


@pytest.mark.parametrize(
    "words, warned",
    [
        ([], False),
        (["--host", "0.0.0.0"], True),
        (["--share"], True),
        (["--share", "--auth", "users"], False),
        (["--host", "localhost"], False),
    ],
)
def test_an_open_door_is_warned_of_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], warned: bool
) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    check(parser().parse_args(words))
    assert capsys.readouterr().err.count("\n") == warned
    monkeypatch.setenv("SPACE_ID", "somebody/space")  # public on purpose
    check(parser().parse_args(words))
    assert not capsys.readouterr().err


def test_agents_need_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: None)
    check(parser().parse_args([]))
    with pytest.raises(InputError, match=r"--mcp needs .* pip install 'gradio\[mcp\]'"):
        check(parser().parse_args(["--mcp"]))


def test_tools_that_ask_for_no_password_do_not_go_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: object())
    check(parser().parse_args(["--mcp"]))
    with pytest.raises(InputError, match="--mcp .* does not go with --auth; leave one of the two out"):
        check(parser().parse_args(["--mcp", "--auth", "users"]))


def test_a_missing_models_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="folder .*gone does not exist"):
        check(parser().parse_args(["--models", str(tmp_path / "gone")]))


@pytest.mark.parametrize(
    "words", [["--queue-size", "0"], ["--threads", "-1"], ["--port", "x"], ["--port", "-1"], ["--port", "70000"]]
)
def test_numbers_are_checked(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(words)
    err = capsys.readouterr().err
    assert caught.value.code == 2 and words[0] in err and err.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_help_that_is_lost_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    with open("/dev/full", "w") as full, pytest.raises(SystemExit) as caught, contextlib.redirect_stdout(full):
        parser().parse_args(["--help"])
    assert caught.value.code == 2
    assert capsys.readouterr().err == "app.py: the help cannot be written: No space left on device\n"


def test_hosts_say_where_to_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parser().parse_args([]).host == "127.0.0.1"
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "1234")
    options = parser().parse_args([])
    assert (options.host, options.port) == ("0.0.0.0", 1234)
    monkeypatch.setenv("GRADIO_SERVER_NAME", "")
    monkeypatch.setenv("GRADIO_SERVER_PORT", "")
    options = parser().parse_args([])
    assert (options.host, options.port) == ("127.0.0.1", 7860)


@pytest.mark.parametrize(
    "words, path",
    [
        ([], ""),
        (["--root-path", "studio/"], "/studio"),
        (["--root-path", "/a/b"], "/a/b"),
        (["--root-path", "https://example.org/studio/"], "https://example.org/studio"),
        (["--root-path", "/"], ""),
    ],
)
def test_where_a_proxy_shows_the_studio(words: list[str], path: str) -> None:
    assert parser().parse_args(words).root_path == path


@pytest.mark.parametrize(
    "device, words",
    [
        ("gpu", "there is no device 'gpu'; it is one of cpu, cuda, mps"),
        ("cuda:99", "the device 'cuda:99' cannot be used"),
    ],
)
def test_a_device_that_is_not_there_is_named(tiny_model: Path, device: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        load_pipeline(str(tiny_model), device=device)


def test_a_studio_without_models_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(registry, "asset", lambda name: tmp_path / name)
    monkeypatch.delenv("SEMFLOW_MODELS", raising=False)
    with pytest.raises(InputError) as caught:
        build([])
    assert str(caught.value) == NO_MODELS


def test_a_studio_takes_the_models_of_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_model: Path
) -> None:
    monkeypatch.setattr(registry, "asset", lambda name: tmp_path / name)
    monkeypatch.setenv("SEMFLOW_MODELS", str(tiny_model.parent))
    choices = [block.choices for block in build([]).blocks.values() if isinstance(block, gr.Dropdown)]
    assert [("tiny", "tiny")] in choices


def test_a_damaged_model_does_not_keep_the_others_from_being_served(
    tmp_path: Path, tiny_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(tiny_model, tmp_path / "faces")
    shutil.copytree(tiny_model, tmp_path / "other")
    weights = tmp_path / "faces" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    models = Models([tmp_path])
    assert first_model(models, ["faces", "other"]) == "other"
    err = capsys.readouterr().err
    assert "faces cannot be loaded" in err and "the studio starts with other" in err and err.count("\n") == 1
    with pytest.raises(InputError, match="faces cannot be loaded"):
        first_model(Models([tmp_path]), ["faces"])
