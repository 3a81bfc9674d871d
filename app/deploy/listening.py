"""Where the server listens: looked at before a model is loaded, so that what cannot work is said at once."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import sys

from semflow_core.errors import InputError

PORT = 7860
ALSO = "127.0.0.1"  # Gradio asks whether the port is free there, too, whatever the host
TRIED = 100  # ports that are looked at for a free one


def port_number(text: str) -> int:
    """0 to 65535; 0 is any free port."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port; a port is a whole number from 1 to 65535, or 0 for any")
    return int(text)


def find_place(host: str, port: int) -> tuple[str, int]:
    """A host as Gradio takes it, IPv6 in brackets, and a port that is free there.

    Args:
        host: an address of this machine, or a name of it.
        port: 0 takes any.

    Raises:
        InputError: there is no such address, or the port is in use or not for this user.
    """
    plain = host.strip("[] ")
    place = f"[{plain}]" if ":" in plain else plain
    chosen = port or _any_port()
    error = _failure(plain, chosen)
    for _ in range(0 if port else TRIED):
        if not isinstance(error, OSError) or error.errno != errno.EADDRINUSE:
            break
        chosen = _any_port()
        error = _failure(plain, chosen)
    if error is None:
        return place, chosen
    if isinstance(error, (socket.gaierror, UnicodeError)) or error.errno == errno.EADDRNOTAVAIL:
        raise InputError(
            f"this machine has no address '{host}'; --host takes 127.0.0.1 (this machine only), 0.0.0.0 (all its "
            "addresses), or one of them"
        )
    free = next((n for n in range(port + 1, min(port + TRIED, 65536)) if n > 1023 and not _failure(plain, n)), None)
    other = f"; {free} is free: --port {free}, or --port 0 for any" if free else "; --port 0 takes any that is free"
    if error.errno == errno.EADDRINUSE:
        raise InputError(f"port {port} is in use{other}")
    if error.errno == errno.EACCES:
        raise InputError(f"port {port} is not for this user; ports from 1024 are{'' if free is None else other}")
    raise InputError(f"nothing can listen on {host}, port {port}: {error.strerror or error}{other}")


def avoid_proxies(share: bool) -> None:
    """Let nothing that goes to this machine take the way of a company's proxy.

    Args:
        share: Gradio's relay is outside, and is reached through the proxy.
    """
    before = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = ",".join(["localhost", "127.0.0.1", *([before] if before else [])]) if share else "*"
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = hosts


def forget_empty_variables() -> None:
    """An empty variable of Gradio's is one that is not set: it would be read as a number, and fail."""
    for name in [name for name, value in os.environ.items() if name.startswith("GRADIO_") and not value.strip()]:
        del os.environ[name]


def _failure(host: str, port: int) -> OSError | UnicodeError | None:
    """Why nothing can listen there, if so."""
    try:
        for name in dict.fromkeys((host, ALSO)):
            for family, kind, protocol, _, address in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[:1]:
                with socket.socket(family, kind, protocol) as s:
                    if sys.platform != "win32":  # there it would let two servers share a port
                        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    s.bind(address)
                    s.listen(1)
    except (OSError, UnicodeError) as error:
        return error
    return None


def _any_port() -> int:
    with socket.socket() as s:
        s.bind((ALSO, 0))
        return s.getsockname()[1]
