"""The command line of app.py: its options, who may come in, what is refused or warned of before a model loads."""

from __future__ import annotations

import argparse
import importlib.util
import ipaddress
import os
import sys
import unicodedata
from pathlib import Path
from typing import Any, NoReturn

from semflow_core.cli.console import SteadyStream
from semflow_core.cli.options import positive
from semflow_core.environment import share_memory_pools
from semflow_core.errors import InputError, either
from semflow_core.nets.devices import DEVICES
from semflow_core.texts import read_text

from .. import ON_ZERO
from ..guard.limits import MAX_WAITING
from .listening import ALSO, PORT, avoid_proxies, find_place, forget_empty_variables, port_number
from .temporary import prepare_folder


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"app.py: {message}\n")

    def print_help(self, file: Any = None) -> None:
        out = SteadyStream(file or sys.stdout)
        super().print_help(out)
        out.flush()
        if out.failure is not None:
            self.error(f"the help cannot be written: {out.failure.strerror or out.failure}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = Parser(
        prog="app.py",
        description="SemFlow Studio: paint a layout, get a photo; drop a photo, get its layout.",
    )
    # hosts such as Spaces say where to listen in Gradio's own variables
    p.add_argument(
        "--host",
        default=os.environ.get("GRADIO_SERVER_NAME", "").strip() or "127.0.0.1",
        help="address to listen on; 0.0.0.0 lets others in (default: this machine only)",
    )
    p.add_argument(
        "--port",
        type=port_number,
        default=os.environ.get("GRADIO_SERVER_PORT", "").strip() or str(PORT),  # checked as the option is
        help=f"0 is any that is free (default: {PORT})",
    )
    p.add_argument(
        "--root-path",
        type=root_path,
        default=os.environ.get("GRADIO_ROOT_PATH", ""),
        metavar="PATH",
        help="where a reverse proxy shows the studio, such as /studio or https://example.org/studio: docs/hosting.md",
    )
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
    p.add_argument(
        "--ray",
        type=replicas,
        metavar="N[-M]",
        help="compute on N replicas of Ray Serve, up to M as the load grows (package ray[serve]): docs/scale.md",
    )
    p.add_argument(
        "--ray-batch",
        type=positive,
        default=8,
        metavar="N",
        help="photos that a replica computes at once at most; 1 computes each alone (default: 8)",
    )
    p.add_argument("--mcp", action="store_true", help="serve the API to agents as well, at /gradio_api/mcp/")
    return p


def replicas(text: str) -> tuple[int, int]:
    """`2` or `2-8` as the least and the largest number of replicas."""
    least, dash, most = text.partition("-")
    numbers = positive(least), positive(most if dash else least)
    if numbers[0] > numbers[1]:
        raise argparse.ArgumentTypeError(f"'{text}' is not written N or N-M, as in 2-8")
    return numbers


def root_path(text: str) -> str:
    """`/studio` or `https://example.org/studio` as Gradio takes it; a text without a slash gets one."""
    text = text.strip().rstrip("/")
    if not text or "://" in text or text.startswith("/"):
        return text
    return f"/{text}"


def read_users(file: Path) -> list[tuple[str, str]]:
    """(user, password) pairs of a file with one line user:password per visitor; a password may hold colons.

    Raises:
        InputError: the file cannot be read, a line is written otherwise, or there is none.
    """
    try:
        text = read_text(file)
    except OSError as error:
        raise InputError(f"the users in {file} cannot be read: {error.strerror}") from None
    users = []
    # browsers send names composed; a Mac may have written ü as u and two dots
    for number, line in enumerate(unicodedata.normalize("NFC", text).split("\n"), 1):
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


def prepare(options: argparse.Namespace) -> None:
    """All that comes before Gradio is imported: `check`, `options.users`, the variables that Gradio reads, its folder.

    Raises:
        InputError: as `check`, or the users or the temporary folder are wrong.
    """
    share_memory_pools()
    check(options)
    options.users = read_users(options.auth) if options.auth else None
    forget_empty_variables()
    avoid_proxies(options.share)
    prepare_folder()


def listen(options: argparse.Namespace) -> tuple[str, int]:
    """Host and port as Gradio takes them.

    Raises:
        InputError: nothing can listen there.
    """
    host, port = find_place(options.host, options.port)
    os.environ.update(GRADIO_SERVER_NAME=ALSO, GRADIO_SERVER_PORT=str(port))  # what else Gradio reads on import
    return host, port


def check(options: argparse.Namespace) -> None:
    """Refuse what cannot work before a model is loaded, and warn of an open door.

    Raises:
        InputError: a folder is missing, --mcp without its package, or with --auth, which Gradio's tools do not ask for.
    """
    for folder in options.models:
        if not folder.is_dir():
            raise InputError(f"the models' folder {folder} does not exist")
    if options.mcp and importlib.util.find_spec("mcp") is None:
        raise InputError("--mcp needs the package mcp, which is not installed: pip install 'gradio[mcp]'")
    if options.mcp and options.auth:
        raise InputError(
            "--mcp serves its tools without asking for a password, so it does not go with --auth; leave one of the two "
            "out, or let a reverse proxy ask for the password (docs/hosting.md)"
        )
    on_space = "SPACE_ID" in os.environ  # public on purpose
    if (options.share or is_public(options.host)) and not options.auth and not on_space:
        print(
            "app.py: warning: anyone who reaches this server can use it; name those who may with --auth FILE",
            file=sys.stderr,
        )
