"""Miniature downloads of the paper's data sets, in their authors' layouts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CELEBA = {0: 119613, 1: 5, 2: 170000, 3: 190000, 2001: 9}  # number -> number in CelebA: train, train, val, test, train
PARTS = ("skin", "nose", "hair", "hat")


def save(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def celeba(root: Path) -> Path:
    for number in CELEBA:
        save(root / "CelebA-HQ-img" / f"{number}.jpg", np.full((1024, 1024, 3), 40 + number % 7, np.uint8))
        for i, part in enumerate(PARTS):
            mask = np.zeros((512, 512), np.uint8)
            mask[100 * i : 100 * i + 150] = 255  # each part lies under the next one
            folder = root / "CelebAMask-HQ-mask-anno" / str(number // 2000)
            save(folder / f"{number:05d}_{part}.png", mask)
    lines = [f"{number}  {celeba}   {celeba:06d}.jpg" for number, celeba in CELEBA.items()]
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text("idx\torig_idx\torig_file\n" + "\n".join(lines) + "\n")
    return root


def cityscapes(root: Path) -> Path:
    for split, city, n in (("train", "aachen", 2), ("val", "munster", 1), ("test", "berlin", 1)):
        for i in range(n):
            name = f"{city}_{i:06d}_000019"
            save(root / "leftImg8bit" / split / city / f"{name}_leftImg8bit.png", np.full((1024, 2048, 3), 9, np.uint8))
            ids = np.zeros((1024, 2048), np.uint8)  # 0, "unlabeled", is no class
            if split != "test":
                ids[512:] = 7  # road
                ids[:100] = 23  # sky
            save(root / "gtFine" / split / city / f"{name}_gtFine_labelIds.png", ids)
            save(root / "gtFine" / split / city / f"{name}_gtFine_color.png", np.zeros((1024, 2048, 3), np.uint8))
    return root


def coco(root: Path) -> Path:
    for split, names in (("train", ("000000000009", "000000000025", "000000000030")), ("val", ("000000000139",))):
        for i, name in enumerate(names):
            h, w = (96, 64) if i else (64, 80)
            save(root / f"{split}2017" / f"{name}.jpg", np.full((h, w, 3), 90, np.uint8))
            ids = np.full((h, w), 181, np.uint8)  # wood, the last
            ids[: h // 2] = 12  # stop sign: 11 is a gap
            ids[:8] = 255
            save(root / "stuffthingmaps_trainval2017" / f"{split}2017" / f"{name}.png", ids)
    return root
