"""Crafted texts, in the process itself: requests, projects, links, layouts, palettes, settings, and training folders.

Each is understood or refused in one short sentence; nothing else is raised.
"""

from __future__ import annotations

import base64
import json
import random
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.state.links import pack_link, unpack_link
from app.state.project import EditProject, read_project
from semflow_core.errors import InputError
from semflow_core.method.palette import load_palette
from semflow_core.requests import Request, SynthesisRequest
from semflow_core.requests.packing import pack_labels, unpack_labels, unpack_photo

from .values import SCRIPT, cases_of, damaged, odd

LAYOUT = np.zeros((16, 16), np.uint8)
PHOTO = np.zeros((16, 16, 3), np.uint8)
PROJECT = EditProject(layout=LAYOUT, photo=PHOTO, before=LAYOUT, margin=LAYOUT, styles=((1, (0.0, 0.5, -0.5)),))


def crafted(r: random.Random, values: dict[str, Any]) -> str:
    """A JSON object with some of its values replaced, and perhaps a key more."""
    changed = {k: odd(r) if r.random() < 0.3 else v for k, v in values.items()}
    if r.random() < 0.2:
        changed[r.choice(["__class__", "kind", SCRIPT, "x" * 1000, "steps"])] = odd(r)
    return json.dumps(changed)


def torn(r: random.Random, text: str) -> str:
    """A text with characters cut off or exchanged."""
    if r.random() < 0.5:
        return text[: r.randrange(len(text))]
    at = r.randrange(len(text))
    return text[:at] + chr(r.randrange(1, 0x2FF)) + text[at + 1 :]


def try_request(r: random.Random) -> None:
    Request.from_json(crafted(r, json.loads(PROJECT.to_json())))


def try_project(r: random.Random) -> None:
    text = PROJECT.to_json()
    read_project(torn(r, text) if r.random() < 0.5 else crafted(r, json.loads(text)))


def try_link(r: random.Random) -> None:
    link = pack_link(SynthesisRequest(layout=LAYOUT))
    if r.random() < 0.5:
        unpack_link(torn(r, link))
    else:
        data = crafted(r, json.loads(SynthesisRequest(layout=LAYOUT).to_json())).encode(errors="replace")
        if r.random() < 0.05:
            data = b" " * 10**7
        unpack_link("#p=" + base64.urlsafe_b64encode(zlib.compress(data)).decode().rstrip("="))


def try_layout(r: random.Random) -> None:
    unpack_labels(torn(r, pack_labels(LAYOUT)) if r.random() < 0.7 else str(odd(r)))


def try_photo(r: random.Random) -> None:
    unpack_photo(base64.b64encode(damaged(r)).decode())


ATTACKS: tuple[Callable[[random.Random], None], ...] = (try_request, try_project, try_link, try_layout, try_photo)


def refused_or_read(attack: Callable[..., Any], *args: Any) -> None:
    try:
        attack(*args)
    except InputError as error:
        assert len(str(error)) < 1000 and "Traceback" not in str(error)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: a.__name__)
def test_crafted_texts_are_read_or_refused(attack: Callable[..., None], request: pytest.FixtureRequest) -> None:
    r = random.Random(attack.__name__)
    for _ in range(cases_of(request) // 10):
        refused_or_read(attack, r)


def test_crafted_palettes_are_read_or_refused(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    r, file = random.Random(5), tmp_path / "palette.json"
    whole = json.loads(load_palette("cityscapes").to_json())
    for _ in range(cases_of(request) // 20):
        file.write_text(torn(r, json.dumps(whole)) if r.random() < 0.3 else crafted(r, whole), errors="replace")
        refused_or_read(load_palette, file)
        one = dict(whole, classes=[json.loads(crafted(r, c)) for c in whole["classes"]])
        file.write_text(json.dumps(one))
        refused_or_read(load_palette, file)


def test_training_folders_with_broken_pairs_are_refused(tmp_path: Path) -> None:
    from semflow_core.data.pairs import find_pairs, load_pair

    r, palette = random.Random(6), load_palette("celebamask_hq")
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for i in range(60):
        (tmp_path / "images" / f"{i}.png").write_bytes(damaged(r))
        (tmp_path / "masks" / f"{i}.png").write_bytes(damaged(r))
    (tmp_path / "masks" / "3.png").unlink()
    (tmp_path / "masks" / "3.png").symlink_to(tmp_path / "masks" / "3.png")
    for pair in find_pairs(tmp_path):
        refused_or_read(load_pair, pair, palette, 64)
