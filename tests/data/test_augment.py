from __future__ import annotations

import numpy as np

from semflow_core.data.augment import Augmentation, augment, sloppy
from semflow_core.method.palette import load_palette


def test_augmentation_moves_photo_and_labels_together() -> None:
    palette = load_palette("celebamask_hq")
    labels = np.zeros((64, 64), np.uint8)
    labels[20:44, 6:20] = 4  # l_eye, on one side only
    photo = np.repeat(np.where(labels > 0, 255, 0).astype(np.uint8)[..., None], 3, axis=2)
    mirrored = 0
    for seed in range(20):
        p, m = augment(photo, labels, palette, np.random.default_rng(seed), Augmentation())
        seen = set(np.unique(m)) - {0}
        assert seen in ({4}, {5})  # a mirror exchanges the ids
        mirrored += seen == {5}
        agreement = ((p[..., 0] > 127) == (m > 0)).mean()
        assert agreement > 0.98
    assert 0 < mirrored < 20


def test_colours_change_within_the_share_asked_for() -> None:
    photo = np.full((64, 64, 3), 128, np.uint8)
    how = Augmentation(colour=0.1)
    made = [
        augment(photo, np.zeros((64, 64), np.uint8), load_palette("celebamask_hq"), np.random.default_rng(s), how)[0]
        for s in range(20)
    ]
    means = np.array([m.mean((0, 1)) for m in made])
    assert np.abs(means - 128).max() <= 0.1 * 128 + 0.1 * 64 + 1 and means.std() > 2


def test_a_sloppy_layout_is_near_the_exact_one_and_has_no_class_of_its_own() -> None:
    labels = np.zeros((256, 256), np.uint8)
    labels[60:200, 60:200] = 1
    labels[100:110, 90:110] = 4
    labels[:60, 40:220] = 13
    seen = []
    for seed in range(30):
        painted = sloppy(labels, np.random.default_rng(seed))
        assert set(np.unique(painted)) <= {0, 1, 4, 13} and painted.shape == labels.shape
        seen.append((painted == labels).mean())
    assert min(seen) > 0.85 and max(seen) < 1
