"""Shards of prepared pairs: a file is there whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from semflow_core.data.shards import Encoded, write_shard


def test_a_shard_that_fails_leaves_no_half(tmp_path: Path) -> None:
    def pairs() -> Iterator[Encoded]:
        yield "a", b"photo", b"labels"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        write_shard(tmp_path / "000.tar", pairs())
    assert not list(tmp_path.iterdir())
    write_shard(tmp_path / "000.tar", [("a", b"photo", b"labels")])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["000.json", "000.tar"]
