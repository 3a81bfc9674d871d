"""Two large pictures sent to one studio at once: the second waits for the first, and small ones for neither."""

from __future__ import annotations

import io
import threading
import time
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from app.guard.limits import LARGE_PHOTO
from semflow_core.method.palette import load_palette

from .attacks import upload
from .conftest import Target
from .test_studio import cpu

BUSY = 0.4  # seconds that the studio has computed by when the first request is at work
SIDE = 2900  # pixels


def layout(client: httpx.Client, side: int) -> Any:
    """An uploaded layout of so many pixels per side."""
    ids = np.random.default_rng(side).choice(load_palette("celebamask_hq").ids, (5, 5))
    buffer = io.BytesIO()
    Image.fromarray(ids).resize((side, side), Image.Resampling.NEAREST).save(buffer, "PNG")
    return upload(client, buffer.getvalue(), f"{side}.png")[1]


def answer(target: Target, name: str, values: list[Any]) -> tuple[list[bytes], float]:
    """The files of an endpoint's answer, and when it was there."""
    with httpx.Client(base_url=target.url, timeout=120) as client:
        reply = client.post(f"/gradio_api/run/{name}", json={"data": values})
        there = time.monotonic()
        assert reply.status_code == 200, reply.text
        first = reply.json()["data"][0]
        files = first if isinstance(first, list) else [first]
        return [client.get(file["url"]).content for file in files], there


@pytest.mark.slow
def test_a_second_large_picture_waits_for_the_first_and_both_are_answered_right(target: Target) -> None:
    assert SIDE**2 > LARGE_PHOTO
    with httpx.Client(base_url=target.url, timeout=120) as client:
        large, other, small = layout(client, SIDE), layout(client, SIDE + 1), layout(client, 64)
    long = ["variations", [large, "faces", 16, 40, 1, "rk4", "uniform"]]
    alone = {"long": answer(target, *long)[0], "other": answer(target, "read", [other, "faces", ""])[0]}
    found: dict[str, tuple[list[bytes], float]] = {}

    def ask(key: str, *request: Any) -> threading.Thread:
        thread = threading.Thread(target=lambda: found.update({key: answer(target, *request)}))
        thread.start()
        return thread

    used = cpu(target)
    threads = [ask("long", *long)]
    while cpu(target) < used + BUSY:
        assert threads[0].is_alive(), "the first request is too short to be met"
    threads += [ask("other", "read", [other, "faces", ""]), ask("small", "read", [small, "faces", ""])]
    for thread in threads:
        thread.join(120)
    assert {key: files for key, (files, _) in found.items() if key != "small"} == alone
    assert found["small"][1] < found["long"][1] < found["other"][1]
