"""The adversary: a seeded generator of cases, 2000 a run, `--hostile 10000` for more. Half of them are against a
running studio, the other half (test_texts.py) against what reads texts.

After each batch: no answer has shown a trace or a path of the server, none was an error of the server's own, the log
repeats nothing that was sent, memory is what it was, temporary files are bounded, and a known request has its bytes.
"""

from __future__ import annotations

import random
import re
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from .attacks import ATTACKS, USUAL, call, upload
from .conftest import ROOT, Target
from .values import cases_of

pytestmark = pytest.mark.slow
BATCHES = 4
GROWTH = 1.10  # of memory between batches
DISK = 40 * 2**20  # bytes of temporary files after a run: each case may send a small file
LINE = 600  # characters of a line of the log


def forbidden(target: Target) -> re.Pattern[str]:
    """What no answer may show: traces, and where the server's files are, but for the names of uploads."""
    places = [ROOT, target.models, target.log, Path(sys.prefix), Path.home()]
    return re.compile(
        "|".join(["Traceback", r'File \\?"', "site-packages", *(re.escape(str(p)) + "/" for p in places)])
    )


def check(answer: httpx.Response, leaks: re.Pattern[str], case: str) -> None:
    """One answer."""
    text = answer.text if len(answer.content) < 3 * 10**6 else ""
    assert answer.status_code < 500 or answer.status_code in (503, 507), f"{case}: {answer.status_code} {text[:300]}"
    found = leaks.search(text)
    assert not found, f"{case}: {text[max(0, found.start() - 100) : found.end() + 100]}"
    assert '"error": null' not in text and '"error":null' not in text, f"{case}: {text[:300]}"
    if len(text) < 5000:  # the page has that sentence in its languages
        assert "an error of its own" not in text and "(type: " not in text, f"{case}: {text[:300]}"
    if answer.status_code >= 400 and answer.request.method != "HEAD" and "login" not in str(answer.url):
        assert len(text.split()) > 2, f"{case}: {answer.status_code} {text[:300]!r} is no sentence"
        assert len(text) < 2000, f"{case}: the refusal has {len(text)} characters"
    if "/file=" in str(answer.url) and answer.status_code == 200:  # nothing that was uploaded runs on our page
        kind = answer.headers["content-type"]
        inline = "attachment" not in answer.headers.get("content-disposition", "")
        assert not (inline and re.search("html|svg|xml|javascript", kind)), f"{case}: {kind} is shown, not saved"


def known_request(client: httpx.Client) -> bytes:
    """The bytes of the photo of a shipped layout."""
    _, file = upload(client, (ROOT / "assets" / "layouts" / "hat.png").read_bytes(), "hat.png")
    *_, answer = call(client, "synthesize", [file, *USUAL["synthesize"][1:]])
    url = re.search(r'"url": "([^"]+)"', answer.text)
    assert url, answer.text[:500]
    return client.get(url[1]).content


def test_nothing_that_is_sent_hurts(target: Target, request: pytest.FixtureRequest) -> None:
    r, leaks = random.Random(20261128), forbidden(target)
    cases = cases_of(request) // 2
    weights, attacks = [w for w, _ in ATTACKS], [a for _, a in ATTACKS]
    with httpx.Client(base_url=target.url, timeout=60, headers={"x-test": "hostile"}) as client:
        before = known_request(client)
        memory = 0
        for batch in range(BATCHES + 1):  # the first one, a fifth of the cases, warms up
            for _ in range(cases // (BATCHES + 1)):
                attack: Any = r.choices(attacks, weights)[0]
                for answer in attack(client, r):
                    check(answer, leaks, attack.__name__)
            settle(target)
            assert known_request(client) == before
            assert target.disk < DISK
            assert all(len(line) < LINE for line in target.log.read_text(errors="replace").splitlines())
            assert target.log.stat().st_size < 2000 * (batch + 1) * cases // BATCHES
            if batch:
                assert target.memory < GROWTH * memory, f"{memory / 2**20:.0f} -> {target.memory / 2**20:.0f} MB"
            memory = max(memory, target.memory)
    assert "Traceback" not in target.log.read_text(errors="replace")


def settle(target: Target) -> None:
    """Wait until what was asked without listening is done."""
    for _ in range(100):
        if httpx.get(f"{target.url}/gradio_api/queue/status").json()["queue_size"] == 0:
            break
        time.sleep(0.1)


def test_streams_left_open_and_slow_uploads_hold_nobody(target: Target) -> None:
    import socket

    host, port = target.url.removeprefix("http://").split(":")
    open_ones = []
    for i in range(60):
        s = socket.create_connection((host, int(port)), timeout=5)
        if i % 3 == 0:
            s.sendall(f"GET /gradio_api/heartbeat/h{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        elif i % 3 == 1:
            s.sendall(
                b"POST /gradio_api/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            )
            s.sendall(
                b"Content-Length: 30000000\r\n\r\n--b\r\nContent-Disposition: form-data; name=files; filename=a\r\n\r\n"
            )
        else:
            s.sendall(b"POST /gradio_api/queue/join HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n{")
        open_ones.append(s)
    with httpx.Client(base_url=target.url, timeout=60) as client:
        first = known_request(client)
        for s in open_ones:
            s.close()
        assert known_request(client) == first


def test_a_client_that_leaves_stops_costing(target: Target) -> None:
    with httpx.Client(base_url=target.url, timeout=60) as client:
        _, file = upload(client, (ROOT / "assets" / "layouts" / "hat.png").read_bytes(), "hat.png")
        values = [file, "faces", 1000, 1, "rk4", "quadratic", ""]
        event = client.post("/gradio_api/call/synthesize", json={"data": values}).json()["event_id"]
        with client.stream("GET", f"/gradio_api/call/synthesize/{event}"):
            pass  # it leaves at once
        used = cpu(target)
        time.sleep(1)
        used, started = cpu(target), time.monotonic()
        time.sleep(1)
        assert cpu(target) - used < 0.5 * (time.monotonic() - started)


def cpu(target: Target) -> float:
    """Seconds that the studio has computed."""
    import os

    fields = Path(f"/proc/{target.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_values_of_other_types_are_refused_without_a_word_of_pythons(target: Target) -> None:
    """Events by their numbers, with everything the page would send but for one value of another type."""
    with httpx.Client(base_url=target.url, timeout=60) as client:
        config = client.get("/config").json()
        kinds = {c["id"]: c["type"] for c in config["components"]}
        events = [d for d in config["dependencies"] if d["backend_fn"] and "dropdown" in map(kinds.get, d["inputs"])]
        assert len(events) > 20
        for event in events[:20]:
            body = {"data": [None] * len(event["inputs"]), "fn_index": event["id"], "session_hash": "types"}
            answer = client.post("/gradio_api/run/predict", json=body)
            assert answer.status_code == 422, answer.text[:300]
            check(answer, forbidden(target), f"event {event['id']}")
