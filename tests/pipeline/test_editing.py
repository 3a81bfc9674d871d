"""Editing: the field's two closed forms, the compositing, and the whole of it on a tiny random model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from semflow_core.errors import InputError
from semflow_core.method.appearance import Rgb, region_offsets
from semflow_core.method.codebook import Codebook
from semflow_core.method.flow import times_to_image
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Draw, Perturbation, drawn_offset, perturb
from semflow_core.method.solvers import SOLVERS, solve
from semflow_core.pictures import blending, strips
from semflow_core.pictures.blending import CORE, REACH, composite, recolor, to_means
from semflow_core.pipeline.edit import changed_cells, edit_velocity
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests.requests import EditRequest, SegmentationRequest


@pytest.mark.parametrize("solver", SOLVERS)
def test_where_nothing_changed_the_solve_arrives_at_the_photo(solver: str) -> None:
    x, b = torch.randn(2, 1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    velocity = edit_velocity(lambda z, t: z.sin() * 3, x, b, torch.zeros(1, 1, 4, 4))
    assert torch.allclose(solve(velocity, b, times_to_image(3), solver)[0], x, atol=1e-5)


def test_where_all_changed_it_is_plain_synthesis() -> None:
    x, b = torch.randn(2, 1, 4, 4, 4)
    times = times_to_image(4)
    velocity = edit_velocity(lambda z, t: z * t, x, b, torch.ones(1, 1, 4, 4))
    assert torch.allclose(solve(velocity, b, times)[0], solve(lambda z, t: z * t, b, times)[0])


def test_a_changed_pixel_opens_its_cell_and_the_eight_around_it() -> None:
    where = np.zeros((64, 64), bool)
    where[25, 33] = True  # cell (3, 4)
    cells = changed_cells(where, 8)[0, 0]
    assert cells.shape == (8, 8) and cells.sum() == 9 and cells[2:5, 3:6].min() == 1


def test_far_from_the_change_the_photos_own_pixels_stay() -> None:
    rng = np.random.default_rng(0)
    photo, own, edited = rng.integers(0, 256, (3, 256, 256, 3), dtype=np.uint8)
    where = np.zeros((256, 256), bool)
    where[100:150, 100:150] = True
    mixed, changed = composite(photo, own, edited, where)
    y, x = np.mgrid[:256, :256]
    far = np.hypot(np.maximum(np.maximum(100 - y, y - 149), 0), np.maximum(np.maximum(100 - x, x - 149), 0)) >= REACH
    assert np.array_equal(mixed[far], photo[far]) and changed[far].max() == 0
    assert np.array_equal(mixed[110:140, 110:140], edited[110:140, 110:140])  # not a blend with what was there


@pytest.mark.parametrize("height, width", [(301, 203), (128, 340)])
def test_an_edit_is_let_into_a_large_photo_in_strips_as_into_the_whole(
    height: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 256, (height, width, 3), np.uint8)
    own, edited = rng.integers(0, 256, (2, 64, 64, 3), np.uint8)
    where = np.zeros((64, 64), bool)
    where[20:33, 11:40] = True
    mixed, share = composite(photo, own, edited, where)

    size = width, height
    wide = np.clip(1 - cv2.distanceTransform((~where).astype(np.uint8), cv2.DIST_L2, 0) / (REACH / 4), 0, 1)
    core = cv2.GaussianBlur(where.astype(np.float32), (0, 0), CORE / 4)
    wide, core = (cv2.resize(np.asarray(w, np.float32), size)[..., None] for w in (wide, core))
    one, other = (cv2.resize(p.astype(np.float32), size) for p in (own, edited))
    change = photo + wide * (other - one)
    expected = (change + core * (other - change)).round().clip(0, 255).astype(np.uint8)
    assert (mixed != expected).mean() < 1e-4 and np.abs(mixed.astype(int) - expected).max() <= 1
    assert np.array_equal(share, np.ceil(255 * wide[..., 0])) and 0 < (share == 0).mean() < 1

    monkeypatch.setattr(strips, "LARGE", 0)
    monkeypatch.setattr(strips, "ROWS", 16)
    in_strips, strip_share = composite(photo, own, edited, where)
    assert np.abs(strip_share.astype(int) - share).max() <= 1 and (in_strips != mixed).mean() < 1e-4
    assert np.abs(in_strips.astype(int) - mixed).max() <= 1 and np.array_equal(in_strips[share == 0], photo[share == 0])


def test_a_large_photo_is_recoloured_as_a_smaller_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = cv2.resize(np.random.default_rng(0).integers(90, 160, (8, 8, 3), np.uint8), (320, 240))
    old, new = np.full((64, 64, 3), 90, np.uint8), np.full((64, 64, 3), 120, np.uint8)
    where = np.zeros((64, 64), bool)
    where[16:48, 16:48] = True
    mixed, share = recolor(photo, old, new, [(where, Rgb(150.0, 120.0, 90.0))])
    monkeypatch.setattr(blending, "LARGE", 160 * 120)
    monkeypatch.setattr(strips, "LARGE", 0)
    large, large_share = recolor(photo, old, new, [(where, Rgb(150.0, 120.0, 90.0))])
    inner = share == 255
    assert inner.mean() > 0.1 and np.abs(large[inner].astype(int) - mixed[inner]).max() <= 2
    far = cv2.dilate((share > 0).astype(np.uint8), np.ones((7, 7))) == 0
    assert np.array_equal(large[far], photo[far]) and large_share[far].max() == 0


def test_an_offset_that_was_painted_is_found_again() -> None:
    book = Codebook(load_palette("celebamask_hq"), 3, 125)
    labels = np.zeros((64, 64), np.uint8)
    labels[:, 32:] = 13
    labels[0, 0] = 2  # one pixel has no mean to speak of
    colors = perturb(book, labels, Perturbation(40.0, "regional"), Draw(3))[0].permute(1, 2, 0).numpy()
    found = region_offsets(book, colors, labels, amplitude=30.0)
    assert set(found) == {0, 13}
    assert np.allclose(found[13], drawn_offset(book.palette, 3, 13), atol=0.03)


def test_without_a_change_the_photo_comes_back_to_the_bit(pipeline: SemFlowPipeline, photo: np.ndarray) -> None:
    layout = np.zeros((48, 48), np.uint8)
    request = EditRequest(photo=photo, layout=layout, before=layout, steps=2)
    edit = pipeline.edit(request)
    assert np.array_equal(edit.photo, photo) and edit.changed.max() == 0
    assert torch.allclose(edit.z0, pipeline.encode_photo(photo), atol=1e-5)


def test_a_change_stays_around_its_region(pipeline: SemFlowPipeline, face_layout: np.ndarray) -> None:
    photo = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    after = face_layout.copy()
    after[:8, :8] = 14
    request = EditRequest(photo=photo, layout=after, before=face_layout, steps=2)
    edit = pipeline.edit(request)
    assert edit.photo.shape == photo.shape and edit.changed.shape == photo.shape[:2]
    assert np.array_equal(edit.photo[30:, 40:], photo[30:, 40:])
    assert not np.array_equal(edit.photo[:12, :16], photo[:12, :16])
    assert not torch.equal(edit.z0, pipeline.edit(replace(request, offsets=((14, (1.0, -1.0, 1.0)),))).z0)


def test_a_recoloured_region_keeps_its_detail_and_its_neighbours_their_bits() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(100, 150, (256, 256, 3), dtype=np.uint8)
    old, new = np.full_like(photo, 90), np.full_like(photo, 110)
    where = np.zeros((256, 256), bool)
    where[100:150, 100:150] = True
    mean = photo[where].mean(0)
    mixed, share = recolor(photo, old, new, [(where, Rgb(*(mean + 20)))])
    assert np.array_equal(mixed[~where], photo[~where]) and share[~where].max() == 0
    assert np.array_equal(mixed[110:140, 110:140], photo[110:140, 110:140] + 20)
    large = np.full((512, 768, 3), 100, np.uint8)
    _, share = recolor(large, large, large, [(where, Rgb(90, 80, 70))])
    outside = ~cv2.resize(where.astype(np.uint8), (768, 512), interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)
    assert share[outside].max() == 0 and share[210:290, 315:435].min() == 255
    where[:], where[100:103] = False, True  # three pixels of an upper lip
    assert recolor(photo, old, new, [(where, Rgb(90, 80, 70))])[1][101].min() == 255


def test_a_recoloured_region_has_the_colour_that_was_asked_for_however_the_model_made_it() -> None:
    rng = np.random.default_rng(0)
    photo = rng.integers(80, 120, (256, 256, 3), dtype=np.uint8)
    old, new = np.full_like(photo, 90), np.full_like(photo, 200)  # too much of it
    new[:128] -= 20  # and less above
    where = np.zeros((256, 256), bool)
    where[30:230, 30:230] = True
    mixed, share = recolor(photo, old, new, [(where, Rgb(150.0, 120.0, 90.0))])
    inner = where & (share == 255)
    assert mixed[inner].mean(0) == pytest.approx((150, 120, 90), abs=1)
    change = mixed.astype(float) - photo
    assert change[60, 100, 0] + 20 == pytest.approx(change[200, 100, 0], abs=1.1)  # the model's own distribution


def test_synthesised_regions_get_their_mean_colours_without_a_rim_or_a_seam() -> None:
    photo = np.full((256, 256, 3), 200, np.uint8)
    one, other = np.zeros((2, 256, 256), bool)
    one[50:200, 50:120] = True
    other[50:200, 120:200] = True  # they meet at column 120
    made = to_means(photo, [(one, Rgb(100.0, 80.0, 60.0)), (other, Rgb(120.0, 90.0, 60.0))])
    for where, column, color in ((one, 80, (100, 80, 60)), (other, 160, (120, 90, 60))):
        assert made[where].mean(0) == pytest.approx(color, abs=1) and made[120, column] == pytest.approx(color, abs=4)
    assert np.ptp(made[120, 110:130, 2]) <= 1  # no seam where they meet
    assert made[120, 60, 0] < made[120, 50, 0] < made[120, 49, 0] < 200  # a soft border
    assert np.array_equal(made[:40], photo[:40]) and to_means(photo, []) is photo
    lip = np.zeros((256, 256), bool)
    lip[100:103, 80:170] = True  # all of it is border
    # and here parts of it cannot be brighter
    bright = np.random.default_rng(0).integers(0, 256, photo.shape, dtype=np.uint8)
    assert to_means(photo, [(lip, Rgb(110.0, 20.0, 30.0))])[lip].mean(0) == pytest.approx((110, 20, 30), abs=5)
    assert to_means(bright, [(lip, Rgb(190.0, 150.0, 70.0))])[lip].mean(0) == pytest.approx((190, 150, 70), abs=5)


def test_a_new_region_of_an_edit_has_the_colour_that_was_asked_for(
    tiny_appearance: Path, face_layout: np.ndarray
) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    after = face_layout.copy()
    after[4:44, 2:46] = 14  # a hat that covers nearly all
    photo, before = np.full((256, 256, 3), 90, np.uint8), face_layout
    hat = pipeline.colors.offsets([("hat", "#a08060")])
    request = EditRequest(photo=photo, layout=after, before=before, steps=2, offsets=hat)
    middle = pipeline.edit(request).photo[64:192, 64:192].reshape(-1, 3)
    assert middle.mean(0) == pytest.approx((160, 128, 96), abs=12)


def test_offsets_for_no_class_are_refused_also_where_nothing_is_painted(
    tiny_appearance: Path, face_layout: np.ndarray
) -> None:
    layout = face_layout
    photo = np.zeros((64, 64, 3), np.uint8)
    request = EditRequest(photo=photo, layout=layout, before=layout, steps=1, offsets=((77, (0.0, 0.0, 0.0)),))
    with pytest.raises(InputError, match="77 names no class"):
        SemFlowPipeline.from_pretrained(tiny_appearance).edit(request)


def test_a_colour_of_a_region_changes_that_region_of_the_photo_only(
    tiny_appearance: Path, face_layout: np.ndarray
) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    photo = np.random.default_rng(1).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    layout = face_layout
    request = EditRequest(photo=photo, layout=layout, before=layout, steps=2)
    assert np.array_equal(pipeline.edit(request).photo, photo)
    edit = pipeline.edit(replace(request, offsets=pipeline.colors.offsets([("hair", "#2040f0")])))
    hair = np.kron(face_layout == 13, np.ones((2, 2), bool))
    away = cv2.dilate(hair.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0  # the model's 32 pixels to 96
    assert np.array_equal(edit.photo[away], photo[away]) and edit.changed[away].max() == 0
    assert (edit.photo != photo)[hair].any() and edit.changed[hair].max() == 255


def test_a_recoloured_region_that_grows_is_recoloured_once(
    tiny_appearance: Path, face_layout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a codec and a network that show nothing but a layout's colours, both parts of the hair are of one colour."""
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    bright = [("hair", "#a0a0a0")]
    flat = np.zeros((32, 32, 3), np.uint8)
    after = cv2.resize(face_layout, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)
    before = after.copy()
    after[:6, 8:24] = 13

    def photos(
        z: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None
    ) -> np.ndarray:  # the level asked for, in each latent cell
        return np.repeat(np.repeat(z[:, :3].permute(0, 2, 3, 1).round().byte().numpy(), 8, 1), 8, 2)

    def layout(request: EditRequest) -> torch.Tensor:
        level = 160.0 if dict(request.offsets)[13][0] > 0 else 80.0
        return torch.full((1, 4, 4, 4), level)

    monkeypatch.setattr(pipeline, "render", photos)
    monkeypatch.setattr(pipeline, "decode_photos", lambda z: photos(z, z, None))
    monkeypatch.setattr(pipeline, "encode_layout", layout)
    monkeypatch.setattr(pipeline, "encode_photo", lambda p: torch.full((1, 4, 4, 4), float(p[before == 13].mean())))
    monkeypatch.setattr(pipeline, "velocity", lambda z, t: torch.zeros_like(z))
    flat[:] = 80
    request = EditRequest(
        photo=flat,
        layout=after,
        before=before,
        steps=2,
        offsets=pipeline.colors.offsets(bright),
    )
    edit = pipeline.edit(request)
    assert edit.photo[(after == 13) & (before != 13)].min() > 120  # as painted
    assert edit.photo.max() <= 162  # and nowhere twice the change


def test_the_styles_of_a_photo_are_its_regions_colours(tiny_appearance: Path, face_layout: np.ndarray) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    assert pipeline.appearance is not None
    photo = np.zeros((48, 48, 3), np.uint8)
    photo[face_layout == 13] = (150, 110, 90)
    read = pipeline.segment(SegmentationRequest(photo=photo))
    square = cv2.resize(face_layout, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)
    shrunk = np.zeros((32, 32, 3), np.uint8)
    shrunk[square == 13] = (150, 110, 90)
    found = pipeline.region_offsets(shrunk, read, face_layout)
    assert found[13] == pytest.approx(pipeline.appearance.offset_of(13, Rgb(150, 110, 90))) and 14 not in found


def test_without_a_layout_before_the_models_own_reading_is_it(
    pipeline: SemFlowPipeline, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {"steps": 3, "mirror": True}  # and not the steps that paint
    monkeypatch.setattr(pipeline, "read_defaults", best)
    request = EditRequest(photo=photo, layout=np.zeros((32, 32), np.uint8), steps=2)
    found = pipeline.segment(SegmentationRequest(photo=request.photo, **best)).labels
    said = replace(request, before=found)
    assert np.array_equal(pipeline.edit(request).photo, pipeline.edit(said).photo)
