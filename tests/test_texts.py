"""Texts as other systems write them, in every file that the project reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.texts import decode, read_text
from semflow_core.training.config import read_config

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_text_is_read_whole(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "text").write_bytes("eins: ü\r\nzwei: 漢字 🖌\rdrei\n".encode(encoding))
    assert read_text(tmp_path / "text") == "eins: ü\nzwei: 漢字 🖌\ndrei\n"


def test_a_mark_without_a_text_and_an_empty_file_are_empty() -> None:
    assert decode(b"", "a") == decode(b"\xef\xbb\xbf", "a") == decode(b"\xff\xfe", "a") == ""


@pytest.mark.parametrize(
    "data, words",
    [
        ("a\nb\nmüde\n".encode("latin-1"), "line 3 of users is no text in UTF-8 or UTF-16; save the file as UTF-8"),
        (b"\xff\xfea\x00b", "line 1 of users is no text"),  # cut in the middle of a character
        (b"\x89PNG\r\n\x1a\n\x00\x00", "line 1 of users is no text"),
        (b"ab\x00\x00", "users is no text: it has null characters"),
    ],
)
def test_what_is_no_text_is_refused_and_nothing_is_half_read(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        decode(data, "users")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_palettes_and_configurations_are_such_texts(tmp_path: Path, encoding: str) -> None:
    raw = json.loads(load_palette("celebamask_hq").to_json()) | {"name": "größe"}
    (tmp_path / "mine.json").write_bytes(json.dumps(raw, ensure_ascii=False).encode(encoding))
    assert load_palette(tmp_path / "mine.json").name == "größe"
    (tmp_path / "mine.yaml").write_bytes("out: läufe\r\nseed: 3\r\n".encode(encoding))
    assert read_config(tmp_path / "mine.yaml", []) == {"out": "läufe", "seed": 3}
