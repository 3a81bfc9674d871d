"""The command line of app.py: its options, who may come in, what is refused or warned of before a model loads."""

from __future__ import annotations

import argparse
import importlib.util
import ipaddress
import os
import sys
from pathlib import Path

from semflow_core.cli.options import positive
from semflow_core.errors import InputError, either
from semflow_core.nets.devices import DEVICES

from .. import ON_ZERO
from ..guard.limits import MAX_WAITING


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = argparse.ArgumentParser(
        prog="app.py",
        description="SemFlow Studio: paint a layout, get a photo; drop a photo, get its layout.",
    )
    # hosts such as Spaces say where to listen in Gradio's own variables
    p.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        help="address to listen on; 0.0.0.0 lets others in (default: this machine only)",
    )
    p.add_argument("--port", type=int, default=int(os.environ.get("GRADIO_SERVER_PORT", "7860")), help="default: 7860")
    p.add_argument(
        "--models",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of model folders, beside assets/models and those of SEMFLOW_MODELS; may be given again",
    )
    p.add_argument("--device", default="cuda" if ON_ZERO else "cpu", help=f"{either(DEVICES)} (default: cpu)")
    p.add_argument("--share", action="store_true", help="a public link through Gradio's relay")
    p.add_argument("--auth", type=Path, metavar="FILE", help="who may come in: one line user:password per visitor")
    p.add_argument(
        "--queue-size",
        type=positive,
        default=MAX_WAITING,
        metavar="N",
        help=f"how many requests may be here at once (default: {MAX_WAITING})",
    )
    p.add_argument(
        "--threads",
        type=positive,
        metavar="N",
        help="threads of a solve on the CPU (default: as many as are free)",
    )
    p.add_argument("--mcp", action="store_true", help="serve the API to agents as well, at /gradio_api/mcp/")
    return p


def read_users(file: Path) -> list[tuple[str, str]]:
    """(user, password) pairs of a file with one line user:password per visitor; a password may hold colons.

    Raises:
        InputError: the file cannot be read, a line is written otherwise, or there is none.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"the users in {file} cannot be read: {reason}") from None
    users = []
    for number, line in enumerate(lines, 1):
        user, colon, password = line.partition(":")
        if not line.strip():
            continue
        if not user or not colon or not password:
            raise InputError(f"line {number} of {file} is not written user:password")  # not shown: it may be a password
        users.append((user, password))
    if not users:
        raise InputError(f"{file} names no user; it needs one line user:password per visitor")
    return users


def is_public(host: str) -> bool:
    """Whether others than this machine reach a server that listens there."""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def check(options: argparse.Namespace) -> None:
    """Refuse what cannot work before a model is loaded, and warn of an open door.

    Raises:
        InputError: a folder is missing, or --mcp without its package.
    """
    for folder in options.models:
        if not folder.is_dir():
            raise InputError(f"the models' folder {folder} does not exist")
    if options.mcp and importlib.util.find_spec("mcp") is None:
        raise InputError("--mcp needs the package mcp, which is not installed: pip install 'gradio[mcp]'")
    on_space = "SPACE_ID" in os.environ  # public on purpose
    if (options.share or is_public(options.host)) and not options.auth and not on_space:
        print(
            "app.py: warning: anyone who reaches this server can use it; name those who may with --auth FILE",
            file=sys.stderr,
        )
