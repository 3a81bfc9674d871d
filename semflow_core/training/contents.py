"""What a set held when a run on it was started, so that another set of the same name is not taken for it.

A run goes on in its `out` folder. Its settings name the set by its folder alone, and a folder's palette, photos and
masks may have become others since: such a run would be found finished, and nothing of the new set trained.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..data.pairs import match_in
from ..data.shards import INDEX, is_prepared
from ..errors import InputError
from ..method.palette import load_palette
from ..pictures.files import write_atomically
from .config import DomainConfig
from .stages import Plan

FILE = "data.json"  # in the folder of a stage
MOST_NAMED = 3  # pairs in a message


def contents_of(plan: Plan) -> dict[str, Any] | None:
    """The set of a plan: the palette's classes and a digest per file; None where it has none or it is not there."""
    root = plan.run.data or os.environ.get("SEMFLOW_DATA")
    if plan.latents is None or not root or not (Path(root) / plan.latents.domain.folder).is_dir():
        return None
    return _contents(plan.latents.domain, Path(root) / plan.latents.domain.folder)


def _contents(domain: DomainConfig, folder: Path) -> dict[str, Any]:
    palette = load_palette(domain.palette)
    classes = [[c.id, c.name] for c in palette.classes]
    about: dict[str, Any] = {"classes": classes, "mirror": sorted(map(sorted, palette.mirror))}
    if is_prepared(folder):
        return {**about, "index": _digest(folder / INDEX)}
    pairs = match_in(folder).pairs
    return {**about, "pairs": {pair.name: [_digest(pair.photo), _digest(pair.mask)] for pair in pairs}}


def keep_contents(contents: dict[str, Any] | None, folder: Path) -> None:
    """Write what the set of a run holds, for `refuse_other_contents`."""
    if contents is not None:
        text = json.dumps(contents, indent=1)
        write_atomically(folder / FILE, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def refuse_other_contents(contents: dict[str, Any] | None, folder: Path) -> None:
    """Raise InputError if the run of this folder was started on a set that held something else; names what changed."""
    try:
        before = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # of an older version, or not started
    if contents is None or not isinstance(before, dict) or before == contents:
        return
    changes = [word for key, word in _NAMES.items() if before.get(key) != contents.get(key)]
    changes += _changed_pairs(before.get("pairs") or {}, contents.get("pairs") or {})
    raise InputError(
        f"the run in {folder} was started on another set: since then {' and '.join(changes)} changed; choose another "
        "out, such as out=runs/NAME, to train on the set as it is now"
    )


_NAMES = {"classes": "the palette's classes", "mirror": "the palette's mirror pairs", "index": "the prepared set"}


def _changed_pairs(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Phrases: how many pairs came, went, or have another photo or mask."""
    both = [name for name in now if name in before]
    kinds = {
        "new": [name for name in now if name not in before],
        "gone": [name for name in before if name not in now],
        "with another photo": [name for name in both if before[name][0] != now[name][0]],
        "with another mask": [name for name in both if before[name][1] != now[name][1]],
    }
    phrases = []
    for kind, names in kinds.items():
        if names:
            more = ", …" if len(names) > MOST_NAMED else ""
            shown = f"{', '.join(sorted(names)[:MOST_NAMED])}{more}"
            phrases.append(f"{len(names)} {'pair' if len(names) == 1 else 'pairs'} {kind} ({shown})")
    return [f"its pairs ({'; '.join(phrases)})"] if phrases else []


def _digest(file: Path) -> str:
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest() if file.is_file() else ""
    except OSError:  # reading the pairs says so
        return ""
