"""Latents of the codec's teacher, TAESD: computed once for the training photos and kept in the run's folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from accelerate import PartialState
from tqdm import tqdm

from ..data.pairs import PairArrays
from ..errors import InputError
from ..method.codebook import photos_to_model
from ..nets.contracts import Codec, codec_of
from ..nets.placement import autocast, compact
from ..nets.teacher import load_teacher
from ..pictures.files import write_atomically

MOST = 850  # photos per domain


def teacher_latents(teacher: str, pairs: PairArrays, name: str, folder: Path, factor: int, bf16: bool) -> np.ndarray:
    """Latents (n, 4, S / factor, S / factor) float16 of the first training photos of a domain.

    Args:
        teacher: its folder.
        name: of the domain, for the file's name.
        folder: where the file is kept.
        factor: the student's; the teacher's must be the same.

    Raises:
        InputError: the folder holds no teacher, or its latents have another size.
    """
    key = (teacher, pairs.photos.shape, MOST, pairs.names)
    cache = folder / f"teacher_{name}_{hashlib.sha256(repr(key).encode()).hexdigest()[:8]}.npy"
    with PartialState().main_process_first():
        if not cache.exists():
            codec = codec_of(load_teacher(teacher))
            if codec.factor != factor:
                raise InputError(f"the teacher's latents are {codec.factor} times smaller; they must be {factor} times")
            latents = encode(codec, pairs.photos[:MOST], bf16)
            write_atomically(cache, lambda temporary: np.save(temporary, latents))
    return np.load(cache, mmap_mode="r")


def encode(codec: Codec, photos: np.ndarray, bf16: bool, size: int = 5) -> np.ndarray:
    """Latents of photos (N, S, S, 3) uint8, so many at once, float16."""
    parts = []
    with torch.inference_mode(), autocast(torch.device("cpu"), bf16):
        for i in tqdm(range(0, len(photos), size), desc="teacher", mininterval=10):
            parts.append(compact(codec.encode(photos_to_model(photos[i : i + size]))).numpy())
    return np.concatenate(parts)
