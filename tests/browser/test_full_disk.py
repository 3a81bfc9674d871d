"""A server whose disk is full: the page says so at whatever is asked, keeps what is in it, and goes on afterwards."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..hostile.test_full_disk import SENTENCES, Disk, disk
from .test_lost import browse, open_page, stroke
from .test_studio import PATIENCE, face_photo, ids_on_canvas, photo_url, wait_ids, wait_new_photo, wait_status

__all__ = ["disk"]  # a fixture


def wait_said(page: Any, text: str) -> None:
    """Until a notice says it; then it is closed, so that the next one is another."""
    notice = page.locator(".toast-body, #notice", has_text=text).first
    notice.wait_for(timeout=PATIENCE)
    assert "/" not in notice.inner_text() and "Errno" not in page.inner_text("body")
    page.evaluate("document.querySelectorAll('.toast-close').forEach((button) => button.click())")
    page.wait_for_function("!document.querySelector('.toast-body')", timeout=PATIENCE)


def test_the_page_keeps_everything_while_the_disk_takes_nothing(disk: Disk, browser: Any, tmp_path: Path) -> None:
    said = SENTENCES["full"].split(",")[0]
    with browse(browser) as context:
        page = open_page(context, disk.target.url)
        painted = stroke(page, 0.3)
        wait_status(page, "Painted")
        photo = photo_url(page)
        page.click("#save-button")
        disk.spoil("full")
        try:
            clips = ("#clip-gif", "#clip-webp", "#clip-mp4", "#side-by-side")
            for button in ("#saves button:has-text('Class ids')", *clips):
                page.click(button)
                wait_said(page, said)
            page.set_input_files("#open input[type=file]", face_photo(tmp_path / "face.png"))
            page.wait_for_selector(
                "#unreachable:has-text('The disk of the server is full or read-only')", timeout=PATIENCE
            )
            page.click("#unreachable button")
            later = stroke(page, 0.6)
            wait_said(page, said)
            assert np.array_equal(ids_on_canvas(page), later) and not np.array_equal(later, painted)
            with page.expect_download(timeout=PATIENCE) as download:  # needs no disk of the server's
                page.click("#saves button:has-text('Project')")
            assert "layout" in Path(download.value.path()).read_text()
        finally:
            disk.mend()
        page.click("#dice")
        wait_new_photo(page, photo)
        wait_status(page, "Painted")
        wait_ids(page, later)
        with page.expect_download(timeout=PATIENCE):
            page.click("#saves button:has-text('Class ids')")


def test_a_set_is_saved_though_the_disk_takes_nothing(disk: Disk, browser: Any, tmp_path: Path) -> None:
    with browse(browser) as context:
        page = open_page(context, disk.target.url)
        page.click("#label-button")
        with page.expect_file_chooser(timeout=PATIENCE) as chooser:
            page.click("#label-photos")
        chooser.value.set_files(face_photo(tmp_path / "face.png"))
        page.wait_for_selector("#label-progress:has-text('Photo 1 of 1')", timeout=PATIENCE)
        wait_status(page, "0 of 1 accepted")
        disk.spoil("full")
        try:
            page.click("#label-accept")
            page.wait_for_selector("#label-progress:has-text('1 of 1 accepted')", timeout=PATIENCE)
            with page.expect_download(timeout=PATIENCE) as download:
                page.click("#label-save")
        finally:
            disk.mend()
        with zipfile.ZipFile(download.value.path()) as archive:
            assert archive.testzip() is None
            assert any("masks/" in name for name in archive.namelist())
