"""Appearance of single regions: what the dice leaves alone, and what goes with a mirror class."""

from __future__ import annotations

import numpy as np

from app.state.regions import Regions, region_choices, region_name, region_of
from semflow_core.method.appearance import fit_appearance
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import drawn_offset
from semflow_core.requests import SynthesisRequest

FACES = load_palette("celebamask_hq")
LAYOUT = np.zeros((16, 16), np.uint8)
HAIR, HAT = (13,), (14,)
EYES = region_of(FACES, 4)


def test_mirror_classes_are_one_region() -> None:
    assert EYES == (4, 5) and region_of(FACES, 5) == EYES and region_of(FACES, 13) == HAIR
    assert region_name(FACES, 5) == "left eye + right eye"
    ids = [i for _, i in region_choices(FACES)]
    assert 4 in ids and 5 not in ids and len(ids) == len(set(ids))
    assert [i for _, i in region_choices(FACES, {5, 13})] == [4, 13]


def test_an_offset_starts_where_the_seed_draws_it() -> None:
    regions = Regions()
    assert regions.offset_of(FACES, 13, 7) == drawn_offset(FACES, 7, 13)
    regions.reroll(HAIR, 8)
    assert regions.offset_of(FACES, 13, 7) == drawn_offset(FACES, 8, 13)
    assert regions.offset_of(FACES, 14, 7) == drawn_offset(FACES, 7, 14)


def test_a_model_with_an_appearance_draws_by_it() -> None:
    appearance = fit_appearance(np.random.default_rng(0).normal(128, 30, (50, 19, 3)))
    assert (
        Regions().offset_of(FACES, 13, 7, appearance)
        == drawn_offset(FACES, 7, 13, appearance)
        != drawn_offset(FACES, 7, 13)
    )


def test_a_reroll_draws_the_offset_too() -> None:
    regions = Regions()
    regions.set_offset(HAIR, (0.5, 0.0, -1.0))
    regions.reroll(HAIR, 8)
    assert regions.fields() == {"class_seeds": ((13, 8),), "offsets": ()}


def test_the_dice_leaves_what_is_locked_and_what_has_an_offset() -> None:
    regions = Regions()
    regions.set_offset(EYES, (0.1, 0.2, 0.3))
    assert not regions.locked
    regions.lock(HAT, 7)
    regions.reroll(HAIR, 8)
    regions.drop_unlocked()
    colours = ((4, (0.1, 0.2, 0.3)), (5, (0.1, 0.2, 0.3)))
    assert regions.fields() == {"class_seeds": ((14, 7),), "offsets": colours}
    regions.lock(EYES, 7)
    regions.drop_unlocked()
    assert regions.fields() == {"class_seeds": ((4, 7), (5, 7), (14, 7)), "offsets": colours}
    regions.unlock(EYES)
    assert regions.seed_of(4, 9) == 7  # still the same picture
    regions.drop_unlocked()
    assert regions.fields() == {"class_seeds": ((14, 7),), "offsets": colours}


def test_a_lock_keeps_a_rerolled_seed() -> None:
    regions = Regions()
    regions.reroll(HAIR, 8)
    regions.lock(HAIR, 7)
    assert regions.seed_of(13, 7) == 8


def test_a_region_is_copied_from_another_picture() -> None:
    other = Regions.of(SynthesisRequest(layout=LAYOUT, class_seeds=((14, 3),), offsets=((13, (0.0, 1.0, 0.0)),)))
    regions = Regions()
    regions.copy(HAIR, other, 99)
    regions.copy(HAT, other, 99)
    assert regions.fields() == {"class_seeds": ((13, 99), (14, 3)), "offsets": ((13, (0.0, 1.0, 0.0)),)}
    regions.drop_unlocked()
    assert regions.seed_of(13, 1) == 99  # taken by hand: locked


def test_regions_of_a_project_stay_under_a_new_seed() -> None:
    request = SynthesisRequest(layout=LAYOUT, class_seeds=((13, 4),), offsets=((14, (0.0, 0.0, 0.5)),))
    regions = Regions.of(request)
    regions.drop_unlocked()
    assert SynthesisRequest(layout=LAYOUT, **regions.fields()) == request
    assert regions.locked == {13}  # the other one has a colour, which needs none
