"""Does this repository work as a Hugging Face Space? Builds what Spaces would build, starts it, asks for one picture.

    python tools/check_space.py [--first torch==2.13.0]

The files are those that git would push. Into a fresh environment of the front matter's Python go requirements.txt
and Gradio at the front matter's version; then the app is started the way Spaces starts it, asked over HTTP, and
stopped. Exit status 1 and a sentence if something is wrong. Takes minutes and a package registry.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 600
SHORT = 60  # characters that Spaces allow a short_description
ASK = """
import sys
from gradio_client import Client, handle_file
from PIL import Image
client = Client(sys.argv[1], verbose=False)
photo = client.predict(picture=handle_file("assets/layouts/hat.png"), steps=2, api_name="/synthesize")
print("a photo of %dx%d pixels" % Image.open(photo).size)
"""


class Wrong(Exception):
    """The Space would not work; the message says why."""


def front_matter(readme: str) -> dict[str, Any]:
    """README.md's YAML head, checked against what Spaces demand of it.

    Raises:
        Wrong: it is missing, or a field is.
    """
    if not readme.startswith("---\n"):
        raise Wrong("README.md does not begin with front matter")
    head = yaml.safe_load(readme.split("---\n", 2)[1])
    for field in ("title", "sdk", "sdk_version", "app_file", "python_version", "license", "short_description"):
        if not isinstance(head.get(field), str):  # an unquoted python_version 3.10 would be the number 3.1
            raise Wrong(f"the front matter's {field} is {head.get(field)!r}; it must be a text, in quotes if need be")
    if head["sdk"] != "gradio":
        raise Wrong(f"the front matter's sdk is {head['sdk']}, not gradio")
    if len(head["short_description"]) > SHORT:
        raise Wrong(f"the short_description has {len(head['short_description'])} characters; {SHORT} are the most")
    if not (ROOT / head["app_file"]).is_file():
        raise Wrong(f"there is no {head['app_file']}")
    return head


def copy_files(to: Path) -> None:
    """What git would push, and what is new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)


def build(head: dict[str, Any], copy: Path, venv: Path, first: list[str]) -> Path:
    """A fresh environment -> its Python.

    Raises:
        Wrong: there is no such Python, or something cannot be installed.
    """
    python = shutil.which(f"python{head['python_version']}")
    if python is None:
        raise Wrong(f"python{head['python_version']} is not installed here, so its environment cannot be built")
    run([python, "-m", "venv", str(venv)], "the environment cannot be made")
    inside = venv / "bin" / "python"
    pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if first:
        run([*pip, *first], f"{' '.join(first)} cannot be installed")
    requirements = ["-r", str(copy / "requirements.txt"), f"gradio[oauth,mcp]=={head['sdk_version']}", "spaces"]
    run([*pip, *requirements], "the requirements cannot be installed together with the Space's Gradio")
    return inside


def run(command: list[str], otherwise: str, **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise Wrong(f"{otherwise}:\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def ask(python: Path, copy: Path, app_file: str) -> str:
    """Start the app, have it make one picture, stop it -> what it made.

    Raises:
        Wrong: it does not start, or makes no picture.
    """
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = os.environ | {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": str(port), "SPACE_ID": "check/space"}
    log = copy / "space.log"
    url = f"http://127.0.0.1:{port}/"
    with log.open("w") as out:
        app = subprocess.Popen([str(python), app_file], cwd=copy, env=env, stdout=out, stderr=out)
    try:
        for _ in range(START_SECONDS):
            if app.poll() is not None:
                raise Wrong(f"the app stopped by itself:\n{log.read_text()[-3000:]}")
            try:
                urllib.request.urlopen(url, timeout=10).close()
                break
            except OSError:
                time.sleep(1)
        else:
            raise Wrong(f"the app did not answer within {START_SECONDS} seconds:\n{log.read_text()[-3000:]}")
        return run([str(python), "-c", ASK, url], "the app answered, but made no picture", cwd=copy)
    finally:
        app.terminate()
        app.wait(30)


def main() -> int:
    p = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    p.add_argument("--first", nargs="*", default=[], metavar="PACKAGE", help="installed before the rest: a CPU build")
    options = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        copy, venv = Path(folder) / "space", Path(folder) / "venv"
        copy.mkdir()
        try:
            head = front_matter((ROOT / "README.md").read_text(encoding="utf-8"))
            copy_files(copy)
            print(f"building with Python {head['python_version']} and Gradio {head['sdk_version']} …", flush=True)
            python = build(head, copy, venv, options.first)
            print("starting …", flush=True)
            print(f"it made {ask(python, copy, head['app_file']).strip()}")
        except Wrong as wrong:
            print(f"check_space: {wrong}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
