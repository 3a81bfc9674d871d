"""Attacks on a running studio, one function per kind; each is a case, and gives the answers that it got."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from .values import NAMES, SCRIPT, damaged, odd, picture

API = "/gradio_api"
USUAL: dict[str, list[Any]] = {
    "synthesize": ["", "faces", 1, 0, "euler", "quadratic", ""],
    "read": ["", "faces", ""],
    "segment": ["", "faces", 1, "euler", "uniform", True, 1, False],
    "edit": ["", "", "faces", 1, 0, "euler", "quadratic", None, "", False],
    "variations": ["", "faces", 2, 1, 0, "euler", "quadratic"],
    "trajectory": ["", "faces", 1, 0, "euler", 2, False],
    "morph": ["", "faces", 1, 0, 1, "euler", "quadratic", 2, None],
}
GETS = (
    "/", "/config", f"{API}/info", f"{API}/info?all_endpoints=true", f"{API}/openapi.json", "/theme.css",
    "/manifest.json",
    f"{API}/startup-events", f"{API}/queue/status", f"{API}/user", f"{API}/token", f"{API}/app_id", "/robots.txt",
    "/monitoring", "/monitoring/summary", f"{API}/dev/reload", f"{API}/runs", f"{API}/run-history/buckets",
    f"{API}/deep_link", f"{API}/vibe-code", "/login", "/logout", "/favicon.ico", "/svelte/x", "/static/x", "/assets/x",
    f"{API}/upload_progress?upload_id=x", "/pwa_icon/64",
)  # fmt: skip
PATHS = (
    f"{API}/file=", f"{API}/file/", f"{API}/proxy=", "/static/", "/assets/", "/svelte/", f"{API}/custom_component/",
    f"{API}/stream/", f"{API}/call/", f"{API}/call/v2/", f"{API}/call/synthesize/", f"{API}/heartbeat-of-",
    "/monitoring/", f"{API}/run/",
)  # fmt: skip
POSTS = (
    "/queue/join", "/run/predict", "/api/predict", "/call/synthesize", "/call/v2/synthesize", "/call/nothing",
    "/cancel",
    "/reset", "/component_server", "/process_recording", "/vibe-edit", "/run-history/connect", "/upload", "/stream/x",
    "/stream/x/close", "/profiling/clear",
)  # fmt: skip

Attack = Callable[[httpx.Client, random.Random], Iterator[httpx.Response]]


def get_anything(client: httpx.Client, r: random.Random) -> Iterator[httpx.Response]:
    """A known address, or one that leads elsewhere."""
    name = r.choice(NAMES).replace("\n", "%0a").replace("\r", "%0d").replace("\x00", "%00").replace("\\", "%5c")
    address = r.choice(GETS) if r.random() < 0.4 else r.choice(PATHS) + name
    yield client.request(
        r.choice(["GET", "GET", "HEAD", "OPTIONS", "PUT", "DELETE"]), httpx.URL(client.base_url.join(address))
    )


def post_anything(client: httpx.Client, r: random.Random) -> Iterator[httpx.Response]:
    """A body that does not belong to its address."""
    body: Any = r.choice([b"", b"{", b"[" * 50_000, b"\xff\xfe", json.dumps(odd(r)).encode(errors="replace")])
    if r.random() < 0.5:
        keys = ("data", "fn_index", "session_hash", "event_id", "trigger_id", "event_data", "component_id", "fn_name")
        body = json.dumps({k: odd(r) for k in r.sample(keys, r.randrange(1, 8))}).encode(errors="replace")
    kind = r.choice(["application/json"] * 5 + ["text/plain", "multipart/form-data; boundary=x", "x" * 300, ""])
    headers = {"content-type": kind, "origin": r.choice(["http://evil.example", "null", "http://localhost"])}
    yield client.post(API + r.choice(POSTS), content=body, headers=headers)


def post_too_much(client: httpx.Client, r: random.Random) -> Iterator[httpx.Response]:
    """More than any address takes, said or not said beforehand."""
    address, size = API + r.choice(POSTS), r.choice([17, 100]) * 2**20
    if r.random() < 0.8:  # the gate answers before anything is sent
        with httpx.Client(base_url=client.base_url, timeout=30) as other:
            headers = {"content-length": str(size), "content-type": "application/json"}
            request = other.build_request("POST", address, headers=headers, content=iter([b"{"]))
            try:
                yield other.send(request)
            except Exception:  # httpx and h11 do not like to send less than was announced
                return
    else:
        try:
            yield client.post(address, content=(b" " * 2**20 for _ in range(18)))
        except httpx.WriteError:  # the server has closed the connection
            return


def upload(client: httpx.Client, data: bytes, name: str) -> tuple[httpx.Response, Any]:
    """An upload, and the file as the endpoints take it."""
    answer = client.post(f"{API}/upload", files={"files": (name or "x", data)})
    paths = answer.json() if answer.status_code == 200 else None
    return answer, {"path": paths[0], "meta": {"_type": "gradio.FileData"}} if paths else None


def call(client: httpx.Client, name: str, values: list[Any]) -> Iterator[httpx.Response]:
    """An endpoint, and its result."""
    body = json.dumps({"data": values}).encode(errors="replace")
    answer = client.post(f"{API}/call/{name}", content=body, headers={"content-type": "application/json"})
    yield answer
    if answer.status_code == 200:
        yield client.get(f"{API}/call/{name}/{answer.json()['event_id']}")


def call_crafted(client: httpx.Client, r: random.Random) -> Iterator[httpx.Response]:
    """An endpoint with values that it does not expect, or too many or few of them."""
    name = r.choice(list(USUAL))
    values = list(USUAL[name])
    for i in range(len(values)):
        if r.random() < 0.4:
            values[i] = odd(r)
    if r.random() < 0.1:
        values = values[: r.randrange(len(values))]
    if r.random() < 0.1:
        values += [odd(r)] * r.randrange(1, 50)
    yield from call(client, name, values)


def call_with_file(client: httpx.Client, r: random.Random) -> Iterator[httpx.Response]:
    """An endpoint with a file that is damaged, or no picture, or one, under any name."""
    data = damaged(r) if r.random() < 0.8 else picture(r)
    answer, file = upload(
        client, data, r.choice(["a.png", "b.jpg", "c.gif", "d.json", "e.svg", f"{SCRIPT}.png", *NAMES[:8]])
    )
    yield answer
    if file is None:
        return
    name = r.choice(list(USUAL))
    yield from call(client, name, [file if value == "" and i < 2 else value for i, value in enumerate(USUAL[name])])
    if r.random() < 0.2:  # is it served as something that runs?
        yield client.get(f"{API}/file={file['path']}")


def fire_private(client: httpx.Client, r: random.Random) -> Iterator[httpx.Response]:
    """An event of the page by its number, with any values, and without listening."""
    count = r.choice([0, 1, 12, 13, 14, 60])
    body = {"data": [odd(r) for _ in range(count)], "fn_index": r.randrange(-3, 230)}
    body["event_data"] = (
        odd(r) if r.random() < 0.5 else {k: odd(r) for k in ("index", "link", "kept", "files", "request")}
    )
    body |= {"session_hash": r.choice(["s", f"h{r.randrange(50)}", "x" * 99]), "trigger_id": r.choice([None, 1, 10**6])}
    address = f"{API}/queue/join" if r.random() < 0.3 else f"{API}/run/predict"
    yield client.post(
        address, content=json.dumps(body).encode(errors="replace"), headers={"content-type": "application/json"}
    )


ATTACKS: tuple[tuple[float, Attack], ...] = (
    (0.22, get_anything),
    (0.26, post_anything),
    (0.01, post_too_much),
    (0.12, call_crafted),
    (0.08, call_with_file),
    (0.25, fire_private),
)
