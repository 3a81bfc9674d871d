"""A set of photos from files and back: photos, a folder, or a set that was saved, as a folder or as one zip.

A saved set is a folder to train on: images/ and masks/ hold what is accepted, palette.json the classes, train.yaml the
configuration. Beside them, progress.json says which model proposed, to_do/ has the other photos, and NAME.draft.png
what was begun there, so that a set can be reopened. Browsers hand over the files of a folder without their folders:
each is known by its name and content, too.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from PIL import Image

from semflow_core.data.names import PHOTO_SUFFIXES, name_of
from semflow_core.errors import InputError
from semflow_core.method.palette import Palette
from semflow_core.pictures.photos import open_photo
from semflow_core.training.own import CONFIG_FILE, PALETTE_FILE, OwnSet, settings_in

from .dropped import entries_of, root_of
from .label_item import Item
from .label_masks import DRAFT, FOLDERS, TO_DO, Labelled, Picture, match_masks, read_masks, stem_of, told_apart
from .label_set import BOUNDS, MAX_LABELLED, MAX_SET, MIB, LabelSet
from .own_palette import is_palette, read_palette

LONGEST = 768  # pixels of a photo's longer side: larger ones are reduced
NARROWEST = 4  # longer side per shorter side of a photo
MOST_FILES = 4 * MAX_LABELLED  # pictures and JSON files that are opened together
MOST_UNPACKED = 5 * MAX_SET  # their bytes, unpacked
REASONS = 3  # photos of which it is said why they are left out
MOST_CONFIG = 8 * 1024  # bytes of a configuration
PROGRESS_FILE, LONGEST_MODEL = "progress.json", 60  # characters of a model's name
NAME = "my_set"  # of a set that has no other


@dataclass
class Found:
    """What files hold.

    Attributes:
        items: photos, with what was accepted or begun.
        palette: of a saved set, or by itself; None where there is none.
        ignored: names of files that are neither photos nor masks.
        unmatched: those of masks whose photo is not there.
        notes: what was assumed in reading the masks, in sentences.
        name: the set's, by its configuration or the zip's folder; "" where nothing says it.
        minutes: of training, by its configuration; None without one.
        model: which one proposed the layouts of a saved set; "" where nothing says it.
    """

    items: list[Item] = field(default_factory=list)
    palette: Palette | None = None
    ignored: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    name: str = ""
    minutes: float | None = None
    model: str = ""


def read_files(files: Sequence[Path], palette: Palette) -> Found:
    """Photos, and the masks that belong to them.

    Args:
        palette: of the masks, where there is no palette file among them.

    Raises:
        InputError: a file is damaged, a mask does not fit, or they are too many or too large together.
    """
    found = Found()
    pictures: list[tuple[PurePosixPath, bytes]] = []
    for path, data in _contents(files, found):
        if path.name.lower() == PROGRESS_FILE and (model := _model_in(data)):
            found.model = model
        elif path.suffix.lower() == ".json" and (
            path.name.lower() == PALETTE_FILE or is_palette(data.decode("utf-8-sig", "replace"))
        ):
            one = read_palette(data, path.name)
            if found.palette not in (None, one):
                raise InputError(f"{path.name} has other classes than another palette among these files; leave one")
            found.palette = one
        elif path.suffix.lower() in PHOTO_SUFFIXES:
            pictures.append((path, data))
        else:
            found.ignored.append(path.name)
    palette = found.palette or palette
    photos, masks = told_apart(pictures, palette)
    if not photos and found.palette is None:
        raise InputError("there is no photo among these files; open photos, or a folder or zip that holds some")
    if len(photos) > MAX_LABELLED:
        raise InputError(f"these are {len(photos)} photos, and {BOUNDS}; label them in parts")
    photos, items = _usable(photos, found)
    mask_of, found.unmatched = match_masks([path for path, _ in photos], [path for path, _ in masks])
    pairs = [Labelled(items[i], photos[i][1], *masks[mask]) for i, mask in mask_of.items()]
    found.notes += read_masks(pairs, palette)
    found.items = [items[i] for i in sorted(range(len(photos)), key=lambda i: stem_of(photos[i][0]))]
    return found


def _usable(photos: Sequence[Picture], found: Found) -> tuple[list[Picture], list[Item]]:
    """The photos that can be labelled; of the others `found` says why they are left out.

    Raises:
        InputError: none can be.
    """
    usable: list[Picture] = []
    items: list[Item] = []
    refused: list[InputError] = []
    for path, data in photos:
        try:
            items.append(photo_item(path.name, data))
            usable.append((path, data))
        except InputError as error:
            refused.append(error)
    if refused and not usable:
        raise refused[0]
    shown = [str(error) for error in refused[:REASONS]]
    shown += [f"{len(refused) - REASONS} more photos"] if len(refused) > REASONS else []
    found.notes += [f"Left out: {'; '.join(shown)}."] if shown else []
    return usable, items


def photo_item(name: str, data: bytes) -> Item:
    """A photo as the set keeps it: the file itself, or where it is large, turned, or in another colour space a JPEG of
    what it shows.

    Raises:
        InputError: it is no photo, or too long and narrow to be shown and trained on.
    """
    try:
        photo = open_photo(data)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    pixels, suffix = photo.pixels, Path(name).suffix.lower().replace(".jpeg", ".jpg")
    scale = LONGEST / max(pixels.shape[:2])
    height, width = pixels.shape[:2]
    if max(height, width) > NARROWEST * min(height, width):
        raise InputError(
            f"{name}: the photo is {width}x{height} pixels, and one side may be at most {NARROWEST} times the other; "
            "cut it into parts"
        )
    with Image.open(io.BytesIO(data)) as image:
        plain = {"JPEG": ".jpg", "PNG": ".png"}.get(image.format or "") == suffix and image.mode == "RGB"
        plain = plain and not image.info.get("icc_profile") and photo.turn == 1 and not photo.note
    if scale < 1 or not plain:
        if scale < 1:
            size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
            pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=94)
        data, suffix = buffer.getvalue(), ".jpg"
    return Item(safe_name(name_of(Path(name))) or "photo", data, suffix, (pixels.shape[0], pixels.shape[1]))


def write_set(labelled: LabelSet) -> bytes:
    """The set as a zip with one folder; the configuration is in it where there is something to train on."""
    root, palette, buffer = labelled.name, labelled.palette, io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:

        def put(path: str, data: bytes, compressed: bool = False) -> None:
            kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(f"{root}/{path}", (2026, 1, 1, 0, 0, 0)), data, kind)

        for item in labelled.items:
            put(f"{'images' if item.accepted else TO_DO}/{item.name}{item.suffix}", item.file)
            if item.labels is not None:
                mask = mask_png(item.mask(palette), palette)
                put(f"masks/{item.name}.png" if item.accepted else f"{TO_DO}/{item.name}{DRAFT}.png", mask)
        put(PALETTE_FILE, palette.to_json().encode(), compressed=True)
        if labelled.model:
            put(PROGRESS_FILE, json.dumps({"model": labelled.model}).encode(), compressed=True)
        if not untrainable(labelled):
            put(CONFIG_FILE, own_set(labelled).configuration().encode(), compressed=True)
    return buffer.getvalue()


def _model_in(data: bytes) -> str:
    """The model's name by a progress file, "" where it says none."""
    try:
        progress = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    model = progress.get("model") if isinstance(progress, dict) else None
    return model if isinstance(model, str) and len(model) <= LONGEST_MODEL else ""


def own_set(labelled: LabelSet) -> OwnSet:
    """What is to be trained on.

    Raises:
        InputError: there are too few pairs, or minutes out of bounds.
    """
    return OwnSet(labelled.name, labelled.palette, len(labelled.accepted), labelled.minutes)


def untrainable(labelled: LabelSet) -> str:
    """Why the set cannot be trained on as it is; "" where it can."""
    try:
        own_set(labelled)
    except InputError as error:
        return str(error)
    return ""


def set_name(text: str) -> str:
    """A folder's name from what somebody typed."""
    return safe_name(text)[:40] or NAME


def folder_name(text: object) -> str:
    """A folder's name as a set's, "" where it says only that photos or masks are in it, or is none."""
    return safe_name(text) if isinstance(text, str) and text.lower() not in FOLDERS else ""


def mask_png(labels: np.ndarray, palette: Palette) -> bytes:
    """Class ids (H, W) as an index PNG in the palette's colours."""
    image, buffer = Image.fromarray(np.ascontiguousarray(labels, np.uint8)), io.BytesIO()
    image.putpalette(palette.color_of_id.tobytes())
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _contents(files: Sequence[Path], found: Found) -> list[tuple[PurePosixPath, bytes]]:
    """Pictures and JSON files with what they hold; `found` gets what the others say.

    Raises:
        InputError: a zip is damaged, or they are too many or too large together; then nothing was unpacked.
    """
    with entries_of(files) as entries:
        wanted = [entry for entry in entries if entry.path.suffix.lower() in (*PHOTO_SUFFIXES, ".json")]
        size = sum(entry.size for entry in wanted)
        if len(wanted) > MOST_FILES or size > MOST_UNPACKED:
            much = f"{len(wanted)} pictures" if len(wanted) > MOST_FILES else f"{size // MIB} MB unpacked"
            raise InputError(f"these files hold too much together, {much}: {BOUNDS}; label them in parts")
        others = [entry for entry in entries if entry not in wanted]
        settings = [entry for entry in others if entry.path.name == CONFIG_FILE and entry.size <= MOST_CONFIG]
        if len(settings) == 1:
            found.name, found.minutes = settings_in(settings[0].read().decode("utf-8", "replace"))
        found.name = safe_name(found.name or root_of(entries))[:40]
        found.ignored += [entry.path.name for entry in others if entry.path.name != CONFIG_FILE]
        return [(entry.path, entry.read()) for entry in wanted]


def safe_name(name: str) -> str:
    """A name that every system takes for a file; "" where none is left."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[:80]
