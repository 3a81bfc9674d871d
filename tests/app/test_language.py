"""The page's texts in other languages: nothing that the page shows is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from app.actions.models import Models
from app.language import language_script, languages
from app.state.names import READABLE
from app.studio import _lay_out
from app.widgets import Painter
from semflow_core.method.palette import load_palette

ATTRIBUTES = ("title", "aria-label", "placeholder", "alt", "aria-roledescription")
# names that are the same everywhere, or come from a model's folder
SAME = {"SemFlow", "Studio", "GIF", "WebP", "MP4", "faces", "streets"}
HANDLED = "button uploadbutton markdown radio checkbox number slider tabitem colorpicker dropdown html".split()


class Texts(HTMLParser):
    """The texts that a person reads or hears."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in ATTRIBUTES and value]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def texts_of(component: dict[str, Any]) -> Iterator[str]:
    """What a component shows from the start."""
    kind, props = component["type"], component["props"]
    if props.get("visible") is False and kind == "json":
        return
    yield from (props[name] for name in ("label", "placeholder", "info") if isinstance(props.get(name), str))
    if kind in ("button", "markdown"):
        yield props.get("value") or ""
    if kind == "radio" or (kind == "dropdown" and props.get("elem_id") != "model"):
        yield from (str(shown) for shown, _ in props["choices"])
    if kind == "html":
        yield from Texts(props.get("html_template") or "").texts


@pytest.fixture(scope="module")
def shown() -> set[str]:
    """Class names with their hints and groups, and texts of the painter."""
    palettes = [load_palette(name) for name in ("celebamask_hq", "cityscapes")]
    texts = {c.group for palette in palettes for c in palette.classes}
    for c in (c for palette in palettes for c in palette.classes):
        texts |= set(READABLE.get(c.name, (c.name.replace("_", " "), "")))
    return texts | set(Texts(str(Painter().html_template)).texts)


def is_known(text: str, known: dict[str, str]) -> bool:
    if text in known or text in SAME:
        return True
    patterns = (re.escape(english).replace(r"\{\}", "(.+?)") for english in known if "{}" in english)
    return any(re.fullmatch(pattern, text) for pattern in patterns)


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_text_of_the_page_is_translated(models: Models, shown: set[str], language: str) -> None:
    with gr.Blocks() as demo:
        _lay_out(models, "faces")
    texts = shown | {t for c in demo.config["components"] if c["type"] in HANDLED for t in texts_of(c)}
    texts = {" ".join(t.split()) for t in texts if re.search("[A-Za-z]{2}", t) and "${" not in t}
    assert len(texts) > 200
    missing = sorted(t for t in texts if not is_known(t, languages()[language]))
    # names of other tools, solvers: the field's own words
    assert [t for t in missing if not re.fullmatch(r"[a-z]+\d*|.*'s? .*ids|.* ids", t)] == []


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    for english, text in languages()[language].items():
        assert text.strip() and text.count("{}") == english.count("{}"), english


@pytest.mark.parametrize("language", sorted(languages()))
def test_what_says_click_says_tap_for_fingers(language: str) -> None:
    """web/language.js exchanges texts, but no tooltips, which name keys."""
    texts = languages()[language]
    clicks = [english for english in texts if re.search(r"\bclick", english, re.I)]
    shown = [english for english in clicks if not re.search(r"\((Enter|[A-Z]\b|or Shift)", english)]
    assert len(shown) >= 8
    for english in shown:
        tap = re.sub(r"\b(c)lick(?=s?\b)", lambda c: "Tap" if c[1] == "C" else "tap", english, flags=re.I)
        assert tap in texts and texts[tap] != texts[english], english


@pytest.mark.parametrize("language", sorted(languages()))
def test_sentences_of_several_have_one_of_one(language: str) -> None:
    """A count with its noun has a translation for 1, which the pattern of many would catch."""
    texts = languages()[language]
    for many, one in {
        "{} steps": "1 step",
        "{} variations of {}. Click one to go on from it.": "1 variation of {}. Click it to go on from it.",
        "Read in {} s: {} classes, {} % of the picture clearly decided.": (
            "Read in {} s: 1 class, {} % of the picture clearly decided."
        ),
        "{} of {} masks have pixels of no class, shown as {}: they wait to be accepted.": (
            "1 of {} masks has pixels of no class, shown as {}: it waits to be accepted."
        ),
        "the set has {} pairs; training needs {}, one of them to report on": (
            "the set has 1 pair; training needs {}, one of them to report on"
        ),
    }.items():
        assert many in texts and one in texts and " 1 " in f" {texts[one]}", one


def test_all_languages_have_the_same_texts() -> None:
    assert len({tuple(texts) for texts in languages().values()}) == 1


def test_the_script_cannot_end_early() -> None:
    assert "</script" not in language_script() and Path("app/texts/de.json").exists()
