"""Photos, folders and saved sets that are opened to be labelled: they become a set, or go to the end of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from semflow_core.errors import InputError

from ..controls import Controls
from ..guard.large import room_for
from ..state.label_files import NAME, folder_name, read_files, set_name
from ..state.label_set import LabelSet
from .models import Models


def collect(
    models: Models, controls: Controls, paths: list[Path], name: str, minutes: float | None, folder: Any
) -> tuple[LabelSet, str]:
    """Files go to the end of the visit's set; the first ones begin and name it, unless somebody did -> the set, and
    what there is to say of the files.

    Args:
        name, minutes: what the set's fields hold.
        folder: the name of the one that the files were chosen with.

    Raises:
        InputError: a file is damaged, or they are too many, or of other classes than the set.
    """
    session = controls.session
    controls.keep_set()
    labelled = session.labelled or LabelSet(models.pipeline(controls.model).palette, own=False)
    with room_for(paths):
        found = read_files(paths, labelled.palette)
    if found.palette is not None and found.palette != labelled.palette:
        if labelled.items and found.items:
            raise InputError("these photos have other classes than your set; press “New set” first")
        labelled.change_palette(found.palette)
    fresh = not labelled.items
    new = labelled.new_of(found.items)
    labelled.add(new)
    session.labelled = labelled
    if fresh and labelled.items:
        labelled.start_at_rest()
        named = set_name(name) != NAME
        labelled.name = set_name(name if named else found.name or folder_name(folder))
        labelled.minutes = found.minutes or float(minutes or labelled.minutes)
        labelled.model = found.model
    twice = len(found.items) - len(new)
    note = f" {twice} that the set has already were left out." if twice > 1 else ""
    note += " 1 that the set has already was left out." if twice == 1 else ""
    note += f" Left out: {some_of(found.ignored)}." if found.ignored else ""
    note += f" Masks without a photo: {some_of(found.unmatched)}." if found.unmatched else ""
    note += "".join(f" {sentence}" for sentence in found.notes)
    return labelled, note


def some_of(names: list[str]) -> str:
    """Five names, and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
