"""Which files of a folder are pictures, and which photo and mask belong together, by their names alone.

Macs, Windows and label tools leave more in a folder than pictures, and name a mask after its photo in ways of their
own: 000019_leftImg8bit.png and 000019_gtFine_labelIds.png, cat.jpg and cat_mask.png, cat.jpg and cat.jpg.png.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import all_of

EXACT = (".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")  # of files that can hold class ids
LOSSY = (".jpg", ".jpeg", ".jpe", ".jfif", ".heic", ".heif", ".avif", ".jp2")
PHOTO_SUFFIXES = EXACT + LOSSY
# folders of photos and of masks: ours first, then those of VOC and CVAT, Supervisely, Cityscapes and others
PHOTO_FOLDERS = ("images", "jpegimages", "img", "imgs", "leftimg8bit", "photos")
MASK_FOLDERS = ("masks", "segmentationclass", "masks_machine", "gtfine", "labels", "annotations")
PHOTO_ENDING = re.compile(r"_(leftimg8bit|image|img|photo|rgb)$")
# where a tool writes several files per photo, the first of these that is there is the mask
VERSIONS = ("labeltrainids", "labelids", "instanceids", "color", "colour", "")
MASK_ENDING = re.compile(
    r"(_gt(fine|coarse))?_(labeltrainids|labelids|instanceids|colou?r)$"
    r"|_(gtfine|gtcoarse|mask|masks|label|labels|seg|segmentation|gt|annotation|parsing|train_?ids?|l)$"
)
PHOTO_SUFFIX = re.compile(r"\.(jpe?g|png|webp|bmp|gif|tiff?|heic|heif|avif)$")


@dataclass(frozen=True)
class Pair:
    """A photo and its label map; the name is the photo's, without its suffix."""

    name: str
    photo: Path
    mask: Path


@dataclass
class Match:
    """What belongs together, and a phrase per file that belongs to none.

    Attributes:
        pairs: sorted by name.
        unlabelled: photos without a mask.
        wrong: masks without a photo, and names that several files share.
    """

    pairs: list[Pair] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def name_of(path: Path) -> str:
    """A file's name without its suffix, composed: Macs may write ü as u and two dots."""
    return unicodedata.normalize("NFC", path.stem)


def is_picture(path: Path) -> bool:
    """Whether a file is a picture by its name: its suffix is one, in any case, and it is not hidden.

    Hidden are `._cat.jpg`, which Macs lay beside cat.jpg on foreign disks, and what other tools do not show either.
    """
    return path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder, sorted; none where there is no folder."""
    return sorted(p for p in folder.glob("*") if is_picture(p))


def subfolder(folder: Path, names: tuple[str, ...]) -> Path:
    """The subfolder with one of these names, in any case; the first name stands for one that is not there."""
    there = {p.name.lower(): p for p in sorted(folder.glob("*"), reverse=True) if p.is_dir()}
    return next((there[n] for n in names if n in there), folder / names[0])


def part_folders(folder: Path) -> tuple[Path, Path]:
    """The folders of photos and of masks; DIR/train is images/train and masks/train of DIR where it has none itself."""
    both = subfolder(folder, PHOTO_FOLDERS), subfolder(folder, MASK_FOLDERS)
    split = tuple(subfolder(folder.parent, names) / folder.name for names in (PHOTO_FOLDERS, MASK_FOLDERS))
    return (split[0], split[1]) if not any(p.is_dir() for p in both) and all(p.is_dir() for p in split) else both


def elsewhere(folder: Path) -> str:
    """Where the pairs of a folder without any are, the end of a sentence; "" if they are not one level down."""
    images, masks = (subfolder(folder, names) for names in (PHOTO_FOLDERS, MASK_FOLDERS))
    names = sorted(
        {p.name for p in (*images.glob("*"), *folder.glob("*")) if p.is_dir() and not p.name.startswith(".")}
    )
    below = [folder / name for name in names if name not in (images.name, masks.name)]
    splits = [str(f) for f in below if all(map(pictures_in, part_folders(f)))]
    return (
        f"; there are pairs in {all_of(splits)}: name {'it' if len(splits) == 1 else 'one of these'}" if splits else ""
    )


def pictures_below(folder: Path) -> str:
    """Which of a folder's own folders have the pictures that it has not, the end of a sentence; "" for none."""
    below = [str(p) for p in sorted(folder.glob("*")) if p.is_dir() and not p.name.startswith(".") and pictures_in(p)]
    return f"; there are some in {all_of(below)}: name {'it' if len(below) == 1 else 'one of these'}" if below else ""


def match(images: Path, masks: Path) -> Match:
    """Photos and masks that belong together.

    Those of one name do; among the others those whose names are one but for case, leading zeros and the endings that
    label tools give them.
    """
    result = Match()
    photos = _by_name(pictures_in(images), images, result.wrong)
    found = pictures_in(masks)
    labels = _by_name((p for p in found if p.suffix.lower() in EXACT), masks, result.wrong)
    same = photos.keys() & labels.keys()
    result.pairs = [Pair(n, photos[n], labels[n]) for n in same]
    photos, labels = ({n: p for n, p in d.items() if n not in same} for d in (photos, labels))
    _match_others(photos, labels, result, masks)
    lossy = {name_of(p): f"{masks.name}/{p.name}" for p in found if p.suffix.lower() in LOSSY}
    for name, path in sorted(photos.items()):
        why = f", for {lossy[name]} cannot hold class ids exactly; write it as PNG" if name in lossy else ""
        result.unlabelled.append(f"{images.name}/{path.name} has no mask{why}")
    result.wrong += [f"{masks.name}/{path.name} has no photo" for _, path in sorted(labels.items())]
    result.pairs.sort(key=lambda pair: pair.name)
    return result


def _by_name(paths: Iterable[Path], folder: Path, wrong: list[str]) -> dict[str, Path]:
    """Files by their names; a phrase per name that two share."""
    files: dict[str, Path] = {}
    for path in paths:
        if name_of(path) in files:
            wrong.append(f"{folder} has both {files[name_of(path)].name} and {path.name}; names must differ")
        files.setdefault(name_of(path), path)
    return files


def _match_others(photos: dict[str, Path], labels: dict[str, Path], result: Match, masks: Path) -> None:
    """Move pairs whose names differ by what tools add to them from the two dictionaries to the result."""
    by_key: dict[str, list[str]] = defaultdict(list)
    for name in photos:
        by_key[_key(PHOTO_ENDING.sub("", name.lower()))].append(name)
    candidates: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name in labels:
        plain = PHOTO_SUFFIX.sub("", name.lower())
        ending = MASK_ENDING.search(plain)
        named = by_key.get(_key(plain)) or by_key.get(_key(MASK_ENDING.sub("", plain)), [])
        if len(named) == 1:
            version = (ending and ending[3]) or ""
            candidates[named[0]].append((VERSIONS.index(version), name))
    for photo, ranked in candidates.items():
        ranked.sort()
        if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
            files = " and ".join(f"{masks.name}/{labels[name].name}" for _, name in ranked[:2])
            result.wrong.append(f"{photos[photo].name} has two masks, {files}; one must be left")
        else:
            result.pairs.append(Pair(photo, photos[photo], labels[ranked[0][1]]))
        del photos[photo]
        for _, name in ranked:
            del labels[name]


def photo_key(name: str) -> str:
    """What a photo's name, without its suffix, shares with that of its mask."""
    return _key(PHOTO_ENDING.sub("", name.lower()))


def mask_key(name: str) -> tuple[str, int]:
    """What a mask's name shares with that of its photo, and its rank where a photo has several; 0 is the first."""
    plain = PHOTO_SUFFIX.sub("", name.lower())
    ending = MASK_ENDING.search(plain)
    return _key(MASK_ENDING.sub("", plain)), VERSIONS.index((ending and ending[3]) or "")


def _key(name: str) -> str:
    """The same for names that differ by leading zeros only."""
    return re.sub(r"^0+(?=\d+$)", "", name)
