"""What axe finds against WCAG 2.1 AA: nothing serious, in any tab, light and dark, on a desktop and a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import SCREENS
from .test_studio import PATIENCE

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
TABS = ("start", "variations", "appearance", "edit", "path", "check", "past", "label", "save", "advanced")
RUN = """async () => (await axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })).violations
  .filter((v) => ['serious', 'critical'].includes(v.impact))
  .flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target + ' ' + n.failureSummary))"""


@pytest.mark.parametrize("screen, theme", [("desktop", "light"), ("phone", "dark")])
def test_axe_finds_nothing_serious(studio: str, browser: Any, screen: str, theme: str) -> None:
    width, height = SCREENS[screen]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.goto(f"{studio}?__theme={theme}")
    page.wait_for_selector("#photo img", timeout=PATIENCE)
    page.add_script_tag(path=AXE)
    for tab in TABS:
        page.click(f"#{tab}-button")
        page.wait_for_timeout(300)
        assert page.evaluate(RUN) == [], tab
    context.close()
