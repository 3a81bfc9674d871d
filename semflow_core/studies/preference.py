"""Which photo does a person prefer: a page with pairs of photos in random order, and the share that its answers give.

The page is one file without a network: it keeps the answers, and computes the same share as `read_answers`. A pair is
two photos of one layout: by the model, and by another model, by the codec alone, or the real one.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from ..data.pairs import Pair
from ..errors import InputError
from ..evaluation.harness import Harness
from ..evaluation.proportion import wilson
from ..pipeline.registry import load_pipeline
from .settings import StudySettings
from .split import development_split, read_shown, refuse_repository
from .table import Outcome, Table

QUESTION = "Which photo looks more like a photograph?"
REAL, DECODED = "real", "decoded"  # words for --against, beside models
QUALITY = 95  # of the page's JPEGs, both photos of a pair alike
PAGE = Path(__file__).with_name("preference.html")


def run_preference(settings: StudySettings) -> Outcome:
    """A page with pairs of photos, or, with `settings.answers`, the shares that saved answers give.

    Raises:
        InputError: the data, a model or an answers file is wrong; real photos would be written into a repository.
    """
    if settings.answers:
        rows = [row_of(file) for file in settings.answers]
        return Outcome(QUESTION, "[95 % interval, Wilson]; 50 % is no difference", [Table("Share chosen", rows)])
    if settings.against == REAL:
        refuse_repository(settings.out, "real photos")
    pipeline = load_pipeline(settings.model, settings.extra, settings.device)
    pairs, harness = development_split(pipeline, settings)
    photos = [synthesize(harness, settings), other_photos(pairs, harness, settings)]
    about = f"{len(pairs)} layouts of the development split, {settings.steps} steps, seed {settings.seed}"
    named = [(pair.name, first, second) for pair, first, second in zip(pairs, *photos)]
    how = "open preference.html in a browser, save the answers there, and give the file to --answers"
    return Outcome(QUESTION, f"{about}; {how}", [], page=write_page(named, (pipeline.name, settings.against), about))


def synthesize(harness: Harness, settings: StudySettings) -> list[np.ndarray]:
    """The model's photos of the split's layouts, as the studio shows them."""
    return [s.photo for s in harness.results(harness.requests(steps=settings.steps))]


def other_photos(pairs: Sequence[Pair], harness: Harness, settings: StudySettings) -> list[np.ndarray]:
    """What the model's photos are compared with: real photos, the same decoded, or another model's.

    Raises:
        InputError: the model has no renderer to leave out, or the other model has other classes.
    """
    model = harness.pipeline
    if settings.against == REAL:
        return [read_shown(pair.photo, model) for pair in pairs]
    if settings.against == DECODED:
        if not model.learned:
            raise InputError(f"the model '{model.name}' has no renderer: its photos are decoded ones already")
        other = model.without_renderer()
    else:
        other = load_pipeline(settings.against, settings.extra, settings.device)
    if other.palette != model.palette:
        raise InputError(
            f"--against {settings.against} has the classes of {other.palette.name}; it must be {model.palette.name}"
        )
    return synthesize(Harness(other, harness.photos, harness.masks, harness.seed, harness.batch), settings)


def write_page(pairs: Sequence[tuple[str, np.ndarray, np.ndarray]], names: tuple[str, str], about: str) -> str:
    """The page as text.

    Args:
        pairs: name and two photos (H, W, 3) uint8; the smaller photo is enlarged to the other's size.
        names: what the first and the second photo of each pair is by.
        about: a phrase on model and split, shown with the result.
    """
    study: dict[str, Any] = {
        "names": names,
        "about": about,
        "pairs": [{"name": name, "photos": encode(first, second)} for name, first, second in pairs],
    }
    study["id"] = hashlib.sha256(json.dumps(study).encode()).hexdigest()[:12]
    return PAGE.read_text(encoding="utf-8").replace("{{STUDY}}", json.dumps(study).replace("<", "\\u003c"))


def encode(*photos: np.ndarray) -> list[str]:
    """Photos (H, W, 3) uint8 as data URLs of JPEGs, all of the largest one's size."""
    height, width = max((p.shape[:2] for p in photos), key=lambda shape: shape[0] * shape[1])
    urls = []
    for photo in photos:
        file = io.BytesIO()
        same = cv2.resize(photo, (width, height), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(same).save(file, "JPEG", quality=QUALITY, subsampling=0)
        urls.append("data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode())
    return urls


def row_of(file: Path) -> dict[str, Any]:
    """A row of the table of shares.

    Raises:
        InputError: see `read_answers`.
    """
    names, chosen = read_answers(file)
    share = wilson(chosen.count(0), len(chosen))
    return {"answers": file.name, "photos by": names[0], "against": names[1], "pairs": len(chosen), "chosen, %": share}


def read_answers(file: Path) -> tuple[tuple[str, str], list[int]]:
    """What the photos are by, and which of them was chosen in each pair (0 or 1), from a file that the page saved.

    Raises:
        InputError: the file cannot be read, holds no answers, or answers a pair twice.
    """
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        first, second = raw["names"]
        chosen = {str(answer["pair"]): int(answer["chosen"]) for answer in raw["answers"]}
        if raw["study"] != "preference" or not set(chosen.values()) <= {0, 1}:
            raise ValueError
    except OSError as error:
        raise InputError(f"the answers {file} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InputError(f"{file} holds no answers: save them in the page of the study 'preference'") from None
    if not chosen or len(chosen) != len(raw["answers"]):
        raise InputError(f"{file} must answer each pair once, and at least one; here are {len(raw['answers'])} answers")
    return (str(first), str(second)), list(chosen.values())
