"""SemFlowPipeline on a tiny random model: the two directions, the path, determinism and folders."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline, UNet2DModel

from semflow_core.errors import InputError
from semflow_core.method.appearance import Rgb
from semflow_core.method.flow import times_to_mask
from semflow_core.method.perturbation import Perturbation
from semflow_core.method.solvers import solve
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import EditRequest, MorphRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest


@pytest.fixture(scope="module")
def pipeline(tiny_model: Path) -> SemFlowPipeline:
    return SemFlowPipeline.from_pretrained(tiny_model)


@pytest.fixture
def paint(face_layout: np.ndarray) -> SynthesisRequest:
    return SynthesisRequest(layout=face_layout, steps=3, seed=5)


@pytest.fixture
def read(photo: np.ndarray) -> SegmentationRequest:
    return SegmentationRequest(photo=photo, steps=3)


def test_the_same_request_gives_the_same_bytes(
    pipeline: SemFlowPipeline, tiny_model: Path, paint: SynthesisRequest
) -> None:
    first = pipeline.synthesize(paint)
    again = SemFlowPipeline.from_pretrained(tiny_model).synthesize(SynthesisRequest.from_json(paint.to_json()))
    assert first.photo.tobytes() == again.photo.tobytes()
    assert torch.equal(first.z0, again.z0)


@pytest.mark.parametrize(
    "change", [{"seed": 6}, {"steps": 4}, {"beta": 10.0}, {"spectrum": "white"}, {"grid": "uniform"}]
)
def test_every_field_of_a_request_matters(pipeline: SemFlowPipeline, paint: SynthesisRequest, change: dict) -> None:
    assert not torch.equal(pipeline.synthesize(paint).z0, pipeline.synthesize(replace(paint, **change)).z0)


def test_a_class_seed_changes_the_perturbation_of_its_region_only(
    pipeline: SemFlowPipeline, paint: SynthesisRequest
) -> None:
    rerolled = pipeline.encode_layout(replace(paint, class_seeds=((13, 99),)))
    assert not torch.equal(rerolled, pipeline.encode_layout(paint))
    # naming a class with the seed that it has anyway changes nothing
    assert torch.equal(pipeline.encode_layout(replace(paint, class_seeds=((13, 5),))), pipeline.encode_layout(paint))


def test_a_segmentation_has_the_photos_own_size_and_the_palettes_ids(
    pipeline: SemFlowPipeline, photo: np.ndarray, read: SegmentationRequest
) -> None:
    result = pipeline.segment(read)
    assert result.labels.shape == result.margin.shape == photo.shape[:2]
    assert set(np.unique(result.labels)) <= set(pipeline.palette.ids.tolist())
    assert 0 <= result.margin.min() <= result.margin.max() <= 1


def test_a_reading_with_its_mirror_image_has_no_preferred_side(
    pipeline: SemFlowPipeline, photo: np.ndarray, read: SegmentationRequest
) -> None:
    turned = replace(read, photo=photo[:, ::-1])
    both, other = (pipeline.segment(replace(r, mirror=True)).margin for r in (read, turned))
    np.testing.assert_allclose(other, both[:, ::-1], atol=1e-4)
    alone, other = (pipeline.segment(r).margin for r in (read, turned))
    assert np.abs(other - alone[:, ::-1]).max() > 1e-3


def test_in_the_mirror_image_left_is_right(
    pipeline: SemFlowPipeline, read: SegmentationRequest, face_layout: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = cv2.resize(face_layout, (pipeline.size, pipeline.size), interpolation=cv2.INTER_NEAREST)
    views = pipeline.codebook.encode(np.stack([square, pipeline.palette.flip(square)]))
    monkeypatch.setattr(pipeline, "decode_masks", lambda z1: views)
    photo = np.zeros((*square.shape, 3), np.uint8)
    result = pipeline.segment(replace(read, photo=photo, mirror=True))
    assert np.array_equal(result.labels, square) and len(np.unique(square)) > 4


def test_at_the_networks_size_labels_are_the_nearest_anchors(pipeline: SemFlowPipeline) -> None:
    """Independent of the enlargement: the codebook's own decoding of the same colours."""
    rng = np.random.default_rng(0)
    square = rng.integers(0, 256, (pipeline.size, pipeline.size, 3), dtype=np.uint8)
    result = pipeline.segment(SegmentationRequest(photo=square, steps=2))
    decoded = pipeline.codebook.decode(pipeline.decode_masks(result.z1))
    assert np.array_equal(result.labels, decoded.labels[0])
    np.testing.assert_allclose(result.margin, decoded.margin[0], atol=1e-4)


def test_one_euler_step_is_z_plus_v(
    pipeline: SemFlowPipeline, paint: SynthesisRequest, read: SegmentationRequest
) -> None:
    made = pipeline.synthesize(replace(paint, steps=1))
    with torch.inference_mode():
        torch.testing.assert_close(made.z0, made.z1 - pipeline.velocity(made.z1, 1.0))
        found = pipeline.segment(replace(read, steps=1))
        torch.testing.assert_close(found.z1, found.z0 + pipeline.velocity(found.z0, 0.0))


def test_a_batch_is_its_single_pictures_up_to_rounding(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    requests = [replace(paint, seed=s) for s in range(3)]
    for one, many in zip(map(pipeline.synthesize, requests), pipeline.synthesize_many(requests)):
        assert np.abs(one.photo.astype(int) - many.photo).max() <= 1


def test_a_batch_must_agree_on_how_to_solve(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    with pytest.raises(InputError, match="same steps, solver and grid"):
        pipeline.synthesize_many([paint, replace(paint, steps=4)])
    with pytest.raises(InputError, match="empty"):
        pipeline.synthesize_many([])


def test_the_path_from_a_layout_ends_where_synthesis_ends(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    made = pipeline.synthesize(paint)
    path = pipeline.trajectory(TrajectoryRequest(layout=paint.layout, steps=3, seed=5, frames=7))
    assert path.times == tuple(np.linspace(0, 1, 7).tolist())
    assert path.frames.shape == (7, pipeline.size, pipeline.size, 3)
    torch.testing.assert_close(path.latents[:1], made.z0)
    torch.testing.assert_close(path.latents[-1:], made.z1)


def test_the_path_from_a_photo_passes_through_the_solvers_points(
    pipeline: SemFlowPipeline, read: SegmentationRequest
) -> None:
    found = pipeline.segment(read)
    points: list[tuple[float, torch.Tensor]] = []
    request = TrajectoryRequest(photo=read.photo, steps=3, times=(0.0, 1 / 3, 0.5, 2 / 3, 1.0))
    solve(pipeline.velocity, found.z0, list(times_to_mask(3)), on_step=lambda i, t, z, v: points.append((t, z)))
    counted: list[tuple[int, int]] = []
    path = pipeline.trajectory(request, progress=lambda *at, to=counted: to.append(at))
    assert counted == [(i, 5) for i in range(1, 6)]  # and the decoding, in two parts
    torch.testing.assert_close(path.latents[:1], found.z0)
    torch.testing.assert_close(path.latents[-1:], found.z1)
    assert [t for t, _ in points] == [0, 1 / 3, 2 / 3]
    torch.testing.assert_close(path.latents[1:2], points[1][1])
    # Euler's path is straight between its points
    torch.testing.assert_close(path.latents[2:3], (points[1][1] + points[2][1]) / 2)


def test_colours_are_offsets_of_both_of_a_pair_and_models_without_looks_take_none(
    pipeline: SemFlowPipeline, tiny_appearance: Path
) -> None:
    colourful = SemFlowPipeline.from_pretrained(tiny_appearance)
    assert colourful.appearance is not None
    found = dict(colourful.colors.offsets([("hair", "#ff8000"), ("l_eye", "rgb(10.5, 20, 30)")]))
    assert (
        found[13] == colourful.appearance.offset_of(13, Rgb(255, 128, 0))
        and found[4] == found[5]
        and set(found) == {4, 5, 13}
    )
    for colors, words in (
        ([("wig", "#ff8000")], "no class 'wig'"),
        ([("hair", "red")], "'red' is no colour"),
        ([("hair", "rgb(1,2,300)")], "is no colour"),
        ([("hair", "#ff8000"), ("hair", "#ff8001")], "'hair' or its mirror class is to have two colours"),
        ([("l_eye", "#ff8000"), ("r_eye", "#000000")], "'r_eye' or its mirror class is to have two"),
    ):
        with pytest.raises(InputError, match=words):
            colourful.colors.offsets(colors)
    with pytest.raises(InputError, match="takes no colours"):
        pipeline.colors.offsets([("hair", "#ff8000")])
    assert pipeline.colors.offsets([]) == ()


def test_with_looks_beta_leaves_the_colours_as_they_were_learnt(tiny_appearance: Path, face_layout: np.ndarray) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    request = SynthesisRequest(layout=face_layout, offsets=((13, (0.5, -0.5, 0.9)),))
    square = cv2.resize(face_layout, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)
    hair = torch.from_numpy(square == 13)
    means = [
        pipeline.perturbed(replace(request, beta=b), face_layout)[0][:, hair].mean(1) for b in (0.0, 20.0, 40.0, 60.0)
    ]
    assert all(torch.allclose(m, means[0], atol=1.5) for m in means)
    anchor = pipeline.codebook.anchors[13]
    assert torch.allclose(means[0] - anchor, 30 * torch.tensor([0.5, -0.5, 0.9]), atol=1e-4)


def test_a_region_has_the_mean_colour_that_was_asked_for_whatever_the_flow_makes_of_it(
    tiny_appearance: Path, face_layout: np.ndarray
) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    assert pipeline.appearance is not None
    square = cv2.resize(face_layout, (32, 32), interpolation=cv2.INTER_NEAREST_EXACT)
    request = SynthesisRequest(layout=face_layout, offsets=pipeline.colors.offsets([("hair", "#a08060")]))
    made = pipeline.synthesize(request)
    raw = pipeline.decode_photos(made.z0)[0]
    assert np.abs(raw[square == 13].mean(0) - (160, 128, 96)).max() > 20  # for its weights are random
    assert made.photo[square == 13].mean(0) == pytest.approx((160, 128, 96), abs=2)
    away = cv2.dilate((square == 13).astype(np.uint8), np.ones((3, 3), np.uint8)) == 0
    assert np.array_equal(made.photo[away], raw[away])
    # the two of a pair are one region only where they are asked for one colour
    one, other = ((4, (-0.5, 0.0, 0.0)), (5, (0.5, 0.0, 0.0)))
    eyes = np.where(np.isin(square, (4, 5)), 0, square)
    eyes[4:14, 4:14], eyes[4:14, 18:28] = 4, 5
    for asked in ((one,), (one, other)):
        made = pipeline.synthesize(SynthesisRequest(layout=eyes, offsets=asked))
        for class_id, offset in asked:
            wanted = pipeline.appearance.color_of(4, offset)
            assert made.photo[eyes == class_id].mean(0) == pytest.approx(wanted, abs=2)
        if len(asked) == 1:
            assert np.array_equal(made.photo[7:12, 21:26], pipeline.decode_photos(made.z0)[0][7:12, 21:26])
    made = pipeline.synthesize(replace(request, offsets=()))  # nothing is asked for
    assert np.array_equal(made.photo, pipeline.decode_photos(made.z0)[0])


def test_an_aspect_is_shown_and_read_but_never_seen_by_the_network(tiny_streets: Path) -> None:
    streets = SemFlowPipeline.from_pretrained(tiny_streets)
    layout = np.full((32, 64), 255, np.uint8)
    layout[16:] = 0
    made = streets.synthesize(SynthesisRequest(layout=layout, steps=1))
    assert made.photo.shape == (32, 64, 3)
    assert made.z0.shape[-2:] == (4, 4)


def test_saving_and_loading_keeps_everything(
    pipeline: SemFlowPipeline, tmp_path: Path, paint: SynthesisRequest
) -> None:
    pipeline.save_pretrained(tmp_path / "copy")
    loaded = SemFlowPipeline.from_pretrained(tmp_path / "copy")
    assert loaded.codebook == pipeline.codebook
    assert loaded.perturbation == pipeline.perturbation == Perturbation(40.0, "regional")
    assert loaded.name == "copy"
    assert np.array_equal(loaded.synthesize(paint).photo, pipeline.synthesize(paint).photo)
    assert not list(tmp_path.rglob("*.bin")), "weights are safetensors, no pickles"


def test_models_share_an_autoencoder_that_stands_outside(pipeline: SemFlowPipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path / "one")
    shutil.move(tmp_path / "one" / "vae", tmp_path / "codec")
    pipeline.save_pretrained(tmp_path / "one", vae="../codec")
    assert not (tmp_path / "one" / "vae").exists()
    assert SemFlowPipeline.from_pretrained(tmp_path / "one").codec.channels == 4


def test_a_folder_is_what_diffusers_calls_a_pipeline_folder(pipeline: SemFlowPipeline, tmp_path: Path) -> None:
    pipeline.save_pretrained(tmp_path)
    index: Any = DiffusionPipeline.load_config(str(tmp_path))
    assert index["unet"] == ["diffusers", "UNet2DModel"]
    assert index["vae"] == ["semflow_core.nets.pyramid", "PyramidAutoencoder"]
    assert isinstance(UNet2DModel.from_pretrained(tmp_path, subfolder="unet"), UNet2DModel)


def test_folders_that_were_saved_before_still_load(
    paint: SynthesisRequest, tmp_path: Path, tiny_appearance: Path
) -> None:
    folder = Path(shutil.copytree(tiny_appearance, tmp_path / "old"))
    (folder / "appearance.safetensors").rename(folder / "looks.safetensors")
    index = json.loads((folder / "model_index.json").read_text())
    del index["appearance"], index["read_defaults"]
    old = {"vae": ["PyramidAutoencoder", "../codec"], "unet": ["UNet2DModel", "unet"], "looks": "looks.safetensors"}
    (folder / "model_index.json").write_text(json.dumps(index | old | {"reading": {"steps": 3}}))
    (folder / "vae").rename(tmp_path / "codec")
    loaded, new = map(SemFlowPipeline.from_pretrained, (folder, tiny_appearance))
    assert loaded.read_defaults == {"steps": 3} and loaded.appearance is not None
    assert np.array_equal(loaded.synthesize(paint).photo, new.synthesize(paint).photo)


def test_a_bare_function_is_a_velocity_and_a_codec_of_ones_own_a_codec(
    pipeline: SemFlowPipeline, paint: SynthesisRequest, tmp_path: Path
) -> None:
    """A flow along rays: v = z / (t - 2), so one step from t=1 leads from z1 to 2 z1."""

    class Shrink:
        channels, factor = 3, 8

        def encode(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.avg_pool2d(x, 8)

        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.interpolate(z, scale_factor=8)

    own = SemFlowPipeline(Shrink(), lambda z, t: z / (t - 2), pipeline.codebook, pipeline.perturbation, size=32)
    made = own.to("cpu").synthesize(replace(paint, steps=1))
    torch.testing.assert_close(made.z0, 2 * made.z1)
    assert own.segment(own.read_request(made.photo)).labels.shape == (32, 32)
    assert own.edit(EditRequest(photo=made.photo, layout=paint.layout, steps=2)).photo.shape == (32, 32, 3)
    path = own.trajectory(TrajectoryRequest(layout=paint.layout, steps=1, frames=3, seed=paint.seed, predict=True))
    torch.testing.assert_close(path.latents[:1], made.z0)
    with pytest.raises(InputError, match="cannot be saved; a model folder holds PyramidAutoencoder"):
        own.save_pretrained(tmp_path)


def test_a_renderer_is_used_wherever_a_photo_is_shown(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    """One of twice the size that paints everything in one grey; layouts on the path stay the codec's."""

    class Grey:
        scale = 2

        def noise_shape(self, z0: torch.Tensor) -> None:
            return None

        def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
            assert z0.shape == z1.shape and noise is None
            return torch.full((len(z0), 3, 64, 64), 0.2)

    parts = (pipeline.codec, pipeline.velocity, pipeline.codebook, pipeline.perturbation)
    own = SemFlowPipeline(*parts, size=32, renderer=Grey())
    grey = np.full((64, 64, 3), 153, np.uint8)
    assert np.array_equal(own.synthesize(paint).photo, grey)
    path = own.trajectory(TrajectoryRequest(layout=paint.layout, steps=2, frames=3, seed=paint.seed))
    assert np.array_equal(path.frames[0], grey)
    layout = own.decode_photos(path.latents[-1:])[0]
    assert np.array_equal(path.frames[-1], cv2.resize(layout, (64, 64), interpolation=cv2.INTER_CUBIC))
    assert own.morph(MorphRequest(layout=paint.layout, steps=1, frames=2)).frames.shape == (2, 64, 64, 3)
    assert np.array_equal(own.without_renderer().synthesize(paint).photo, pipeline.synthesize(paint).photo)
    assert np.array_equal(own.synthesize(paint).photo, grey)  # it stays as it was itself
    photo, before = np.zeros((100, 100, 3), np.uint8), np.zeros((32, 32), np.uint8)
    edit = own.edit(EditRequest(photo=photo, layout=before + 13, before=before, steps=1))
    assert np.array_equal(edit.photo[40:60, 40:60], np.full((20, 20, 3), 153))


def test_photos_of_a_renderer_with_the_model_s_aspect_are_not_stretched(
    pipeline: SemFlowPipeline, paint: SynthesisRequest
) -> None:
    picture = torch.linspace(-1, 1, 32 * 64).view(1, 1, 32, 64).expand(1, 3, 32, 64)

    class Wide:
        scale = 1

        def noise_shape(self, z0: torch.Tensor) -> None:
            return None

        def __call__(self, z0: torch.Tensor, z1: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
            return picture

    parts = (pipeline.codec, pipeline.velocity, pipeline.codebook, pipeline.perturbation)
    wide = SemFlowPipeline(*parts, size=32, aspect=2.0, renderer=Wide())
    photo = wide.synthesize(paint).photo
    assert photo.shape == (32, 64, 3)
    assert np.abs(photo[..., 0] - (picture[0, 0].numpy() + 1) * 127.5).max() <= 0.5
    squeezed = wide.without_renderer().synthesize(paint).photo
    assert squeezed.shape == (32, 64, 3)


def test_an_edit_reports_the_steps_of_all_its_parts(tiny_appearance: Path, face_layout: np.ndarray) -> None:
    pipeline = SemFlowPipeline.from_pretrained(tiny_appearance)
    pipeline.read_defaults = {"steps": 3}
    photo, after = np.full((64, 64, 3), 90, np.uint8), face_layout.copy()
    after[:8] = 14
    hair = pipeline.colors.offsets([("hair", "#a08060")])
    for layout, before, offsets, total in (
        (face_layout, face_layout, (), 0),
        (after, face_layout, (), 2),
        (face_layout, face_layout, hair, 2),
        (after, face_layout, hair, 4),
        (after, None, (), 5),
    ):
        counted: list[tuple[int, int]] = []
        request = EditRequest(photo=photo, layout=layout, before=before, steps=2, offsets=offsets)
        pipeline.edit(request, lambda *at, to=counted: to.append(at))
        assert [done for done, _ in counted] == list(range(1, total + 1))
        assert all(all_steps == total for _, all_steps in counted)


def test_on_step_stops_the_work(pipeline: SemFlowPipeline, paint: SynthesisRequest) -> None:
    def stop(*_: object) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        pipeline.synthesize(paint, progress=stop)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda f: (f / "model_index.json").unlink(), "is no model folder"),
        (lambda f: shutil.rmtree(f / "unet"), "cannot be loaded|is no model folder"),
        (lambda f: (f / "model_index.json").write_text("{"), "cannot be loaded"),
        (lambda f: edit(f, palette="nobody"), "no palette 'nobody'"),
        (lambda f: edit(f, perturbation={"beta": 80, "spectrum": "white"}), "amplitude is 80"),
        (lambda f: edit(f, vae=["AutoencoderGAN", "vae"]), "cannot be loaded"),
    ],
)
def test_a_broken_model_folder_is_refused_in_a_sentence(
    tiny_model: Path, tmp_path: Path, break_it: object, words: str
) -> None:
    folder = shutil.copytree(tiny_model, tmp_path / "broken")
    break_it(folder)  # type: ignore[operator]
    with pytest.raises(InputError, match=words):
        SemFlowPipeline.from_pretrained(folder)


def edit(folder: Path, **changes: object) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps(index | changes))
