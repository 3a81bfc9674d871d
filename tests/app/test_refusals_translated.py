"""Refusals and statuses that a person can meet in the page have texts in the other languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.actions.painting import NOT_PAINTED
from app.actions.walking import NO_PATH
from app.guard.refusals import FULL, NO_MEMORY, UNKNOWN, UNWRITABLE
from app.language import languages

ROOT = Path(__file__).parents[2]
# what only the command line, a script or a host's log says
APART = (
    "app/deploy/",
    "app/endpoints.py",
    "app/engine/replica.py",
    "app/serving.py",
    "app/values.py",
)
SAID = {"InputError", "Warning", "Info"}
CORE = ("pictures/photos.py", "pictures/parts.py", "pictures/frames.py", "pictures/planes.py", "pictures/colours.py")
# a sentence that is wholly made of others, and what only a forged request or another program brings about
MADE = re.compile(
    r"(\{\}[:;.]? ?)+|the file '\{\}' is .*; \{\}|.*(SynthesisRequest|the page sent).*|a number of the crop's place"
    r"|a photo of a set \{\}; leave the set first"
)


def sentences_of(file: Path) -> Iterator[str]:
    """Sentences given to refusals and warnings, their places as {}."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if getattr(node.func, "id", getattr(node.func, "attr", "")) not in SAID:
            continue
        said = node.args[0]
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            yield said.value
        elif isinstance(said, ast.JoinedStr):
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in said.values)


def shown(sentence: str) -> str:
    """As `app.state.sentences.sentence` shows it."""
    return sentence[:1].upper() + sentence[1:].rstrip(".") + "."


def pattern_of(english: str) -> re.Pattern[str]:
    return re.compile(".+?".join(re.escape(part) for part in english.split("{}")))


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_refusal_of_the_page_is_translated(language: str) -> None:
    files = [f for f in ROOT.glob("app/**/*.py") if not f.relative_to(ROOT).as_posix().startswith(APART)]
    files += [ROOT / "semflow_core" / name for name in CORE]
    said = {s for f in files for s in sentences_of(f)}
    assert len(said) > 60
    said |= {f"a photo of a set {what}; leave the set first" for what in (NOT_PAINTED, NO_PATH)}
    known = [pattern_of(english) for english in languages()[language]]
    named = {s: shown(s).replace("{}", "X") for s in said if not MADE.fullmatch(s)}
    missing = [s for s, text in named.items() if not any(pattern.fullmatch(text) for pattern in known)]
    assert "\n".join(sorted(missing)) == ""


def test_a_refusal_beside_the_queue_and_a_code_are_translated() -> None:
    fixed = [FULL, UNWRITABLE, NO_MEMORY, UNKNOWN]
    codes = re.findall(r"^    \d+: '(.+)',$", (ROOT / "app" / "web" / "reach.js").read_text(encoding="utf-8"), re.M)
    assert len(codes) >= 5
    for texts in languages().values():
        assert [code for code in codes if code not in texts] == []
        assert [part for s in fixed for part in re.split(r"(?<=[.?!]) (?=\S)", s) if part not in texts] == []
