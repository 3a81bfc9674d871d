"""Doors that are not the page's: a studio that asks for passwords, before anybody has logged in, and agents' tools."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .attacks import API, GETS, PATHS, POSTS, USUAL
from .conftest import ROOT, Target, running
from .test_studio import check, forbidden
from .values import NAMES, odd

pytestmark = pytest.mark.slow
OPEN = ("/", "/login", "/logout", "/theme.css", "/manifest.json", "/robots.txt", "/favicon.ico", "/pwa_icon")
TOLD = (f"{API}/startup-events", f"{API}/user", f"{API}/token", f"{API}/app_id", f"{API}/heartbeat-of-")  # of nobody


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A studio with --auth."""
    folder = tmp_path_factory.mktemp("locked")
    (folder / "users").write_text("ann:a secret\n", encoding="utf-8")
    with running(folder, "--auth", str(folder / "users")) as target:
        yield target


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A studio with --mcp."""
    pytest.importorskip("mcp", reason="the package mcp is not installed: pip install 'gradio[mcp]'")
    with running(tmp_path_factory.mktemp("tools"), "--mcp") as target:
        yield target


def test_without_a_login_nothing_is_computed_stored_or_told(locked: Target) -> None:
    r, leaks = random.Random(20261128), forbidden(locked)
    disk = locked.disk
    with httpx.Client(base_url=locked.url, timeout=60) as client:
        for path in GETS:
            answer = client.get(path)
            check(answer, leaks, path)
            if not path.startswith((*OPEN, *TOLD)):
                assert answer.status_code in (401, 404, 405), f"{path}: {answer.status_code} {answer.text[:200]}"
        for path in [p + str(locked.models / "faces" / "model_index.json") for p in PATHS]:
            answer = client.get(path)
            assert answer.status_code >= 400 and "aspect" not in answer.text, path
        for path in POSTS:
            for body in ({"data": USUAL["synthesize"]}, {"fn_index": 0, "data": [], "session_hash": "s"}):
                answer = client.post(API + path, json=body)
                check(answer, leaks, path)
                assert answer.status_code in (401, 404, 405, 422), f"{path}: {answer.status_code} {answer.text[:200]}"
        answer = client.post(f"{API}/upload", files={"files": ("x.png", b"x" * 1000)})
        assert answer.status_code == 401 and "log in" in answer.json()["error"]
        page = client.get("/").text
        assert '"auth_required":true' in page and '"components":[]' in page
        for _ in range(30):
            client.cookies.set("access-token-unsecure", r.choice([*map(str, range(9)), "x" * 500, "null", "true"]))
            assert client.get("/config").status_code == 401
    assert locked.disk == disk


def test_the_right_password_opens_and_guesses_are_slowed(locked: Target) -> None:
    with httpx.Client(base_url=locked.url, timeout=60) as client:
        client.post("/login", data={"username": "ann", "password": "a secret"})
        assert client.get("/config").status_code == 200
    statuses = []
    with httpx.Client(base_url=locked.url, timeout=60) as client:
        for i in range(15):
            data = {"username": "ann" if i % 2 else "Ann' OR 1=1", "password": "x" * (1 + i * 50)}
            statuses.append(client.post("/login", data=data).status_code)
        assert statuses[:10] == [400] * 10 and statuses[10:] == [429] * 5
        assert client.get("/config").status_code == 401


def ask(client: httpx.Client, method: str, params: Any) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    return client.post(f"{API}/mcp/", content=json.dumps(body).encode(errors="replace"), headers=headers)


def test_tools_take_no_file_or_address_of_the_servers(tools: Target) -> None:
    fetched = []
    own = f"{tools.url}/theme.css"
    secret = tools.models / "faces" / "model_index.json"
    with httpx.Client(base_url=tools.url, timeout=60) as client:
        for picture in (own, own.replace("127.0.0.1", "localhost"), "http://169.254.169.254/x", f"file://{secret}"):
            answer = ask(client, "tools/call", {"name": "synthesize", "arguments": {"picture": picture}})
            assert answer.status_code == 200 and "Traceback" not in answer.text
            assert '"isError":true' in answer.text.replace(" ", ""), answer.text[:500]
            fetched.append("@font-face" in answer.text or "aspect" in answer.text)
        answer = ask(client, "tools/call", {"name": "synthesize", "arguments": {"picture": str(secret)}})
        assert '"isError":true' in answer.text.replace(" ", "")
    assert not any(fetched)


def test_crafted_calls_of_tools_are_refused_in_sentences(tools: Target, request: pytest.FixtureRequest) -> None:
    r, leaks = random.Random(20261128), forbidden(tools)
    methods = ("tools/call", "tools/list", "resources/read", "prompts/get", "initialize", "x", "ping")
    with httpx.Client(base_url=tools.url, timeout=60) as client:
        listed = ask(client, "tools/list", {}).text
        assert all(f'"name":"{name}"' in listed.replace(" ", "") for name in USUAL)
        for _ in range(60):
            arguments = {r.choice(["picture", "model", "steps", "seed", "x"]): odd(r) for _ in range(r.randrange(4))}
            params: Any = {"name": r.choice([*USUAL, "x", *NAMES[:4]]), "arguments": arguments}
            answer = ask(client, r.choice(methods), params if r.random() < 0.8 else odd(r))
            check(answer, leaks, str(params)[:200])
        for body in (b"", b"{", b"[" * 50_000, b"\xff\xfe", b"null", b"[]", json.dumps([{}] * 1000).encode()):
            for path in (f"{API}/mcp/", f"{API}/mcp/messages/?session_id=x", f"{API}/mcp/sse"):
                answer = client.post(path, content=body, headers={"content-type": "application/json"})
                assert answer.status_code < 500 and not leaks.search(answer.text), answer.text[:300]
        answer = client.post(f"{API}/mcp/", content=b" " * (17 * 2**20), headers={"content-type": "application/json"})
        assert answer.status_code == 413
    log = tools.log.read_text(errors="replace")
    assert "Traceback" not in log and all(len(line) < 600 for line in log.splitlines())


def test_the_two_doors_do_not_go_together(tmp_path: Path) -> None:
    import subprocess
    import sys

    pytest.importorskip("mcp", reason="the package mcp is not installed: pip install 'gradio[mcp]'")
    (tmp_path / "users").write_text("ann:a secret\n", encoding="utf-8")
    words = [sys.executable, "app.py", "--mcp", "--auth", str(tmp_path / "users")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "does not go with --auth" in done.stderr
