"""The page where the browser asks for German: sentences that are put together are German as a whole."""

from __future__ import annotations

from typing import Any

from .test_studio import PATIENCE, wait_status


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
