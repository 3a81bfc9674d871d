"""A disk that is full, or read-only: each request is answered in a sentence, and goes on when there is room.

The studio runs in a mount namespace of its own, where its temporary folder is a small tmpfs.
"""

from __future__ import annotations

import io
import re
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from semflow_core.method.palette import load_palette

from .conftest import Target, running

MOUNT = 'mount -t tmpfs -o size=80m none "$0" && exec "$@"'
NAMESPACE = ["unshare", "-Urm", "sh", "-c", MOUNT]
SENTENCES = {
    "full": "The server's disk is full, so nothing could be saved. Try again later, or tell who runs it.",
    "ro": "The server cannot write to its temporary folder, so this could not be done. Tell who runs it.",
}


class Disk:
    """The temporary folder of a studio, seen from outside its namespace."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.folder = Path(f"/proc/{target.pid}/root{target.temporary}")

    def spoil(self, how: str) -> None:
        """Fill it ("full"), or make it read-only ("ro")."""
        if how == "ro":
            self._remount("ro")
            return
        with (self.folder / "ballast").open("wb", buffering=0) as ballast, pytest.raises(OSError, match="No space"):
            while True:
                ballast.write(bytes(4096))

    def mend(self) -> None:
        """As it was."""
        self._remount("rw")
        (self.folder / "ballast").unlink(missing_ok=True)

    def read(self, answer: httpx.Response) -> bytes:
        """The file of an answer."""
        return (self.folder / Path(answer.json()["data"][0]["path"]).relative_to(self.target.temporary)).read_bytes()

    def _remount(self, how: str) -> None:
        enter = ["nsenter", "-t", str(self.target.pid), "-U", "-m", "--preserve-credentials"]
        for _ in range(100):  # it is busy while a file is being written
            run = subprocess.run([*enter, "mount", "-o", f"remount,{how}", str(self.target.temporary)])
            if run.returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f"the folder cannot be made {how}")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """The temporary folder of a studio that can be spoilt."""
    folder = tmp_path_factory.mktemp("full")
    (folder / "temporary").mkdir()
    try:
        subprocess.run([*NAMESPACE, str(folder / "temporary"), "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no mount namespaces for this user")
    with running(folder, within=[*NAMESPACE, str(folder / "temporary")]) as target:
        yield Disk(target)


def upload(client: httpx.Client, name: str, data: bytes) -> httpx.Response:
    return client.post("/gradio_api/upload", files={"files": (name, data)})


def given(client: httpx.Client, name: str, data: bytes) -> dict[str, Any]:
    """An uploaded file as a value."""
    return {"path": upload(client, name, data).json()[0], "meta": {"_type": "gradio.FileData"}}


def asked(client: httpx.Client) -> dict[str, list[Any]]:
    """What each endpoint is sent, all of it small."""
    ids = np.zeros((64, 64), np.uint8)
    ids[20:50, 10:50] = load_palette("celebamask_hq").ids[1]
    pictures = {}
    for name, picture in (("layout.png", ids), ("photo.png", np.dstack([ids * 9, ids + 40, ids * 3]))):
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        pictures[name] = given(client, name, buffer.getvalue())
    layout, photo, model = pictures["layout.png"], pictures["photo.png"], "faces"
    return {
        "synthesize": [layout, model, 1, 1, "euler", "uniform", ""],
        "read": [layout, model, ""],
        "segment": [photo, model, 1, "euler", "uniform", False, 0, False],
        "edit": [photo, layout, model, 1, 1, "euler", "uniform", None, "", False],
        "variations": [layout, model, 2, 1, 1, "euler", "uniform"],
        "trajectory": [photo, model, 1, 1, "euler", 3, False],
        "morph": [layout, model, 1, 1, 2, "euler", "uniform", 2, None],
    }


def answer(client: httpx.Client, name: str, values: list[Any]) -> httpx.Response:
    return client.post(f"/gradio_api/run/{name}", json={"data": values})


@pytest.mark.slow
@pytest.mark.parametrize("how", ["full", "ro"])
def test_every_endpoint_says_what_is_wrong_with_the_disk_and_goes_on_afterwards(disk: Disk, how: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("a.txt", "a")
    with httpx.Client(base_url=disk.target.url, timeout=120) as client:
        requests = asked(client)
        before = {name: answer(client, name, values) for name, values in requests.items()}
        assert {name: a.status_code for name, a in before.items() if a.status_code != 200} == {}
        known = Path(
            disk.folder, Path(before["synthesize"].json()["data"][0]["path"]).relative_to(disk.target.temporary)
        )
        pixels = known.read_bytes()
        disk.spoil(how)
        try:
            refused = {name: answer(client, name, values) for name, values in requests.items()}
            refused["upload"] = upload(client, "a.zip", archive.getvalue() + bytes(2_000_000))
            page = client.get("/")
        finally:
            disk.mend()
        after = {name: answer(client, name, values) for name, values in requests.items()}
        wrong = {
            name: (a.status_code, a.text)
            for name, a in refused.items()
            if a.status_code != 507 or a.json()["error"] != SENTENCES[how] or len(a.text) > 400
        }
        assert wrong == {} and page.status_code == 200
        assert {name: a.status_code for name, a in after.items() if a.status_code != 200} == {}
        again = Path(
            disk.folder, Path(after["synthesize"].json()["data"][0]["path"]).relative_to(disk.target.temporary)
        )
        assert again.read_bytes() == pixels and upload(client, "a.zip", archive.getvalue()).status_code == 200
    log = disk.target.log.read_text()
    assert "Traceback" not in log and not re.search(r"ballast", log)
