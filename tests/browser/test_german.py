"""The page where the browser asks for German: sentences that are put together are German as a whole."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.language import language_script, languages
from app.state.names import in_words, readable
from app.state.regions import region_name
from semflow_core.method.palette import load_palette
from semflow_core.method.solvers import SOLVERS
from semflow_core.pictures.layouts import open_layout

from .test_studio import PATIENCE, wait_status


def shown_as(browser: Any, texts: list[str], language: str, phone: bool = False) -> list[str]:
    """What the page's script makes of texts."""
    context = browser.new_context(locale=language, has_touch=phone, is_mobile=phone)
    page = context.new_page()
    page.route("http://texts.test/", lambda route: route.fulfill(body="<!doctype html><p>", content_type="text/html"))
    page.goto("http://texts.test/")
    page.evaluate(language_script())
    shown = page.evaluate(
        """async (texts) => {
          const nodes = texts.map((text) => Object.assign(document.createElement('p'), { textContent: text }));
          document.body.append(...nodes);
          await new Promise((done) => setTimeout(done)); // after the observer
          return nodes.map((node) => node.textContent);
        }""",
        texts,
    )
    context.close()
    return shown


@pytest.mark.parametrize("language", ["en", *sorted(languages())])
def test_a_class_has_one_name_in_all_sentences(browser: Any, language: str) -> None:
    words = languages().get(language, {})
    for palette in (load_palette("celebamask_hq"), load_palette("cityscapes")):
        names = [readable(c.name)["name"] for c in palette.classes]
        expected = [words.get(name, name) for name in names]
        assert shown_as(browser, names, language) == expected
        hovered = shown_as(browser, [f"{name} · 12 %" for name in names], language)
        assert hovered == [f"{name} · 12\u00a0%" for name in expected]
        regions = [region_name(palette, c.id) for c in palette.classes]
        chosen = shown_as(browser, [f"Chosen: {r}. Re-roll, colour or lock it below." for r in regions], language)
        wanted = [" + ".join(words.get(part, part) for part in r.split(" + ")) for r in regions]
        assert all(f": {r}." in text for r, text in zip(wanted, chosen))
        proposed = f"The model faces proposes {', '.join(names)}; the other classes are yours to paint."
        assert ", ".join(expected) in shown_as(browser, [proposed], language)[0]


@pytest.mark.parametrize(
    "language, shown",
    [
        (
            "de",
            ["2 von 10 angenommen. Foto 3 von 10: 0003. Wie Sie es verlassen haben.", "Foto 3 von 10 wird gelesen …"],
        ),
        ("es", ["2 de 10 aceptadas. Foto 3 de 10: 0003. Como la dejó.", "Leyendo la foto 3 de 10 …"]),
    ],
)
def test_the_place_in_a_set_is_said_with_how_many_there_are(browser: Any, language: str, shown: list[str]) -> None:
    said = ["2 of 10 accepted. Photo 3 of 10: 0003. As you left it.", "Reading photo 3 of 10 …"]
    assert shown_as(browser, said, language) == shown


@pytest.mark.parametrize(
    "language, start, more", [("de", "Indiziertes PNG gelesen, ", " und "), ("es", "Se leyó un PNG", " y ")]
)
def test_what_is_said_of_a_layout_is_in_the_language(browser: Any, language: str, start: str, more: str) -> None:
    words = languages()[language]
    for name, palette in (("long_hair", load_palette("celebamask_hq")), ("street", load_palette("cityscapes"))):
        layout = open_layout(f"assets/layouts/{name}.png", palette)
        (said,) = shown_as(browser, [in_words(layout.line(palette))], language)
        assert said.startswith(start) and more in said
        line = in_words(layout.line(palette))
        named = [
            name for c in palette.classes if re.search(rf"\b{(name := readable(c.name)['name'])} (\d|below)", line)
        ]
        assert len(named) == 6 and all(words.get(name, name) in said for name in named)
        assert not set(re.findall(r"[a-z]+", said)) & {"classes", "and", "more", "below"}


def test_a_click_is_a_tap_where_fingers_point_and_units_stay_with_their_numbers(browser: Any) -> None:
    texts = [
        "Click a region",
        "4 variations of 8 steps. Click one to go on from it.",
        "clicked",
        "20 MB, 1.5 s, 3 to go",
    ]
    assert shown_as(browser, texts, "en")[:3] == texts[:3]
    assert shown_as(browser, texts, "fr", phone=True) == [  # there is no French file: English
        "Tap a region",
        "4 variations of 8 steps. Tap one to go on from it.",
        "clicked",
        "20\u00a0MB, 1.5\u00a0s, 3 to go",
    ]
    assert shown_as(browser, texts[:2], "de", phone=True) == [
        "Eine Fläche antippen",
        "4 Varianten: 8 Schritte. Tippen Sie eine an, um von ihr aus weiterzumachen.",
    ]


NAMES = {"SemFlow", "Studio", *SOLVERS}  # the same in every language
WALK = """() => {
  const seen = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (element.closest('script, style, textarea, pre, code, kbd') || !element.checkVisibility()) continue;
    if (node.nodeType === Node.TEXT_NODE) seen.push(node.data.trim());
    else {
      for (const name of ['title', 'aria-label', 'placeholder', 'alt']) seen.push(node.getAttribute(name) || '');
      if (node.matches('[role=combobox]')) seen.push(node.value);
    }
  }
  return seen.filter((text) => /[a-z]{3}/i.test(text));
}"""


def texts_of(studio: str, browser: Any, language: str) -> set[str]:
    """All texts of the page with each tab in front, hints and the choices of menus included."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale=language)
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#player .marks i", timeout=PATIENCE, state="attached")
    page.click("#painter .members button >> nth=1")
    texts = set(page.evaluate(WALK))
    for tab in page.locator("#more [role=tab]").all():
        tab.click()
        page.wait_for_selector(f"#{tab.get_attribute('aria-controls')}", timeout=PATIENCE)
        closed = page.locator("#more .tabitem button.label-wrap:not(.open):visible")
        while closed.count():
            closed.first.click()
        texts |= set(page.evaluate(WALK))
    for menu in page.locator("#advanced [role=combobox]").all():
        menu.click()
        page.wait_for_selector("[role=option]", timeout=PATIENCE)
        texts |= set(page.evaluate(WALK))
        page.keyboard.press("Escape")
    context.close()
    return texts


@pytest.mark.parametrize("language", ["de", "es"])
def test_no_tab_has_english_left(studio: str, browser: Any, language: str) -> None:
    english = texts_of(studio, browser, "en")
    assert not any(text.startswith("common.") for text in english)  # Gradio's keys
    assert len(english) > 150 and {"what they look like", "quadratic", "Save the palette"} <= english
    words = languages()[language]
    left = english & texts_of(studio, browser, language) - NAMES
    assert "\n".join(sorted(text for text in left if words.get(text) != text)) == ""


def test_sentences_are_german_as_a_whole(studio: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="de-DE")
    page = context.new_page()
    page.goto(studio)
    page.wait_for_selector("#history .state img", timeout=PATIENCE, state="attached")
    title = page.get_attribute("#history .restore", "title")
    assert title.startswith("Zurück zu diesem Stand: ") and "Startwert 9, 4 Schritte" in title
    page.click("#save-button")
    page.click("#copy-link")
    status = wait_status(page, "Link")
    assert (
        status.endswith("Wer ihn öffnet, bekommt dieses Layout und diese Einstellungen.") or "steht im Feld" in status
    )
    page.set_input_files("#open input[type=file]", {"name": "x", "mimeType": "", "buffer": b"%PDF-1.7"})
    page.wait_for_selector(
        ".toast-body:has-text('Die Datei „x“ ist ein PDF, was das Studio nicht öffnet')", timeout=PATIENCE
    )
    context.close()
