"""Ports and addresses that cannot be listened on, and proxies that must not be asked for this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import httpx
import pytest

from app.deploy.listening import avoid_proxies, find_place, forget_empty_variables
from semflow_core.errors import InputError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that is in use."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)
        yield s.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_port_in_use_is_refused_with_one_that_is_free(taken: int, host: str) -> None:
    with pytest.raises(InputError, match=rf"port {taken} is in use; \d+ is free: --port \d+, or --port 0 for any") as e:
        find_place(host, taken)
    free = int(str(e.value).split()[5])
    assert find_place(host, free) == (host, free)


def test_port_0_is_any_that_is_free() -> None:
    host, port = find_place("127.0.0.1", 0)
    with socket.socket() as s:
        s.bind((host, port))


@pytest.mark.parametrize("host", ["203.0.113.7", "a..b", "no-such-name.invalid"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(InputError, match=f"this machine has no address '{host}'; --host takes 127.0.0.1"):
        find_place(host, 0)


def test_ipv6_is_bracketed_for_addresses() -> None:
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    assert find_place("::1", 0)[0] == find_place("[::1]", 0)[0] == "[::1]"


@pytest.mark.parametrize("proxy", ["http://proxy.invalid:3128", "socks5://proxy.invalid:1080", "proxy.invalid:8080"])
def test_this_machine_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setattr(os, "environ", {"http_proxy": proxy, "ALL_PROXY": proxy, "no_proxy": "[::1],10.0.0.0/8"})
    avoid_proxies(share=False)
    with httpx.Client() as client:  # a proxy of unknown kind would raise here
        assert not client._mounts


def test_a_shared_studio_keeps_the_proxy_for_the_relay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"https_proxy": "http://proxy.invalid:3128", "NO_PROXY": "intern.example"})
    avoid_proxies(share=True)
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "localhost,127.0.0.1,intern.example"


def test_empty_variables_are_as_if_they_were_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"GRADIO_NUM_PORTS": " ", "GRADIO_SHARE": "true", "HOME": ""})
    forget_empty_variables()
    assert os.environ == {"GRADIO_SHARE": "true", "HOME": ""}
