"""Two visitors at once: each has a state of its own; long work lets a stroke go first, and says its place meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from gradio_client import Client, handle_file
from PIL import Image

from semflow_core.nets.threads import available_processors

from .conftest import ROOT
from .test_studio import (
    PALETTE,
    PATIENCE,
    drag,
    ids_on_canvas,
    photo_url,
    reach_canvas,
    visit,
    wait_new_photo,
    wait_status,
)
from .test_tabs import open_photo


def test_two_visitors_have_states_of_their_own(studio: str, browser: Any, tmp_path: Path) -> None:
    with visit(studio, browser, "desktop") as one, visit(studio, browser, "phone", ratio=2) as other:
        layout, photo, seed = ids_on_canvas(other), photo_url(other), other.input_value("#seed input")
        open_photo(one, tmp_path)
        drag(one, (0.2, 0.2), (0.5, 0.2))
        wait_status(one, "Edited")
        edited, edited_photo = ids_on_canvas(one), photo_url(one)
        assert np.array_equal(ids_on_canvas(other), layout) and photo_url(other) == photo
        other.click("#painter [data-id='14']")
        reach_canvas(other)
        drag(other, (0.1, 0.1), (0.3, 0.1))
        wait_new_photo(other, photo)
        wait_status(other, "Painted")  # not "Edited": it has no photo open
        assert other.locator("#mode").count() == 0 and other.input_value("#seed input") == seed
        other.click("#save-button")
        with other.expect_download(timeout=PATIENCE) as download:
            other.click("#saves button:has-text('Class ids')")
        saved = np.asarray(Image.open(download.value.path()))
        assert np.array_equal(PALETTE.colorize(saved), ids_on_canvas(other))
        assert np.array_equal(ids_on_canvas(one), edited) and photo_url(one) == edited_photo


def test_long_work_lets_a_visitor_go_first_and_is_told_its_place(studio: str, browser: Any) -> None:
    with visit(studio, browser, "desktop") as page:
        layout = handle_file(str(ROOT / "assets" / "layouts" / "hat.png"))
        scripts = [Client(studio, verbose=False) for _ in range(available_processors() + 2)]  # more than turns
        busy = [
            script.submit(picture=layout, steps=1000 - i, seed=i, api_name="/synthesize")
            for i, script in enumerate(scripts)
        ]
        places: set[Any] = set()
        while not places:
            states = [job.status() for job in busy]
            places |= {s.rank for s in states if s.rank is not None and s.eta}
            errors = [str(job.exception()) for job in busy if job.done()]
            assert len(errors) < len(busy), f"nobody was told a place: {errors}"
            page.wait_for_timeout(100)
        photo = photo_url(page)
        page.click("#dice")
        wait_new_photo(page, photo)
        assert not all(job.done() for job in busy)
        for job in busy:
            job.result()
