"""SymmFlow in the pipeline, against its published sampler written down again; and a network on no square."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from semflow_core.method.codebook import Codebook
from semflow_core.method.palette import load_palette
from semflow_core.method.perturbation import Perturbation
from semflow_core.nets.contracts import ConditionedUNetVelocity
from semflow_core.nets.symmetric import SymmetricUNet, SymmetricVelocity
from semflow_core.pipeline.pipeline import SemFlowPipeline
from semflow_core.requests import EditRequest, MorphRequest, SegmentationRequest, SynthesisRequest, TrajectoryRequest

from ..small import small_conditional, small_kl

SIDE = 64


@pytest.fixture(scope="module")
def symmflow() -> SemFlowPipeline:
    """Random weights; its anchors are the colours of the data set's authors, which lie on no grid."""
    torch.manual_seed(0)
    codec, unet = small_kl(), small_conditional(8, SymmetricUNet, 8).eval()
    palette = load_palette("celebamask_hq")
    colors = {class_id: color for color, class_id in palette.foreign.colors[0].classes}
    codebook = Codebook(palette, colors=tuple(colors[c.id] for c in palette.classes))
    velocity = SymmetricVelocity(unet, torch.randn(1, 7, 12).half().float())
    return SemFlowPipeline(codec, velocity, codebook, Perturbation(5.0, "white"), size=SIDE)


def published(model: SemFlowPipeline, state: torch.Tensor, steps: int, forward: bool) -> torch.Tensor:
    """Euler in SymmFlow's own time: 0 -> 1 from [noise; mask] to [photo; noise], and back."""
    unet, prompt = model.velocity.module, model.velocity.prompt
    t, dt = (0.0, 1 / steps) if forward else (1.0, -1 / steps)
    for _ in range(steps):
        state = state + dt * unet(state, torch.tensor([t]), encoder_hidden_states=prompt).sample
        t += dt
    return state


@torch.no_grad()
@pytest.mark.parametrize("steps", [1, 5, 8])
def test_synthesis_is_its_sampler(symmflow: SemFlowPipeline, face_layout: np.ndarray, steps: int) -> None:
    request = SynthesisRequest(layout=face_layout, steps=steps, grid="uniform", seed=3, class_seeds=((13, 4),))
    synthesis = symmflow.synthesize(request)
    noise, mask = synthesis.z1.split(4, 1)
    assert 0.8 < float(noise.std()) < 1.2 and noise.shape == (1, 4, 8, 8)
    torch.testing.assert_close(mask, symmflow.encode_colors(symmflow.perturbed(request, face_layout)))
    end = published(symmflow, synthesis.z1, steps, forward=True)
    torch.testing.assert_close(synthesis.z0, end, rtol=0, atol=1e-5)
    photo = symmflow.decode_photos(end[:, :4])[0].astype(int)
    assert np.abs(photo - synthesis.photo).max() <= 1


@torch.no_grad()
def test_segmentation_is_its_sampler_and_has_one_answer(symmflow: SemFlowPipeline, face_layout: np.ndarray) -> None:
    photo = symmflow.synthesize(SynthesisRequest(layout=face_layout, steps=1)).photo
    request = SegmentationRequest(photo=photo, steps=4, grid="uniform")
    first, again = symmflow.segment(request), symmflow.segment(request)
    assert np.array_equal(first.labels, again.labels)
    end = published(symmflow, first.z0, 4, forward=False)
    torch.testing.assert_close(first.z1, end, rtol=0, atol=1e-5)
    colors = (symmflow.codec.decode(end[:, 4:]) + 1) * 127.5
    expected = torch.cdist(colors[0].movedim(0, -1).reshape(-1, 3), symmflow.codebook.anchors).argmin(1)
    assert (symmflow.palette.ids[expected.view(SIDE, SIDE).numpy()] == first.labels).mean() > 0.999


def test_one_class_is_rerolled_by_itself(symmflow: SemFlowPipeline, face_layout: np.ndarray) -> None:
    plain, other = (
        symmflow.encode_layout(SynthesisRequest(layout=face_layout, seed=3, class_seeds=seeds))[:, :4]
        for seeds in ((), ((1, 9),))
    )
    cells = torch.from_numpy(symmflow.sized(face_layout)[4::8, 4::8] == 1)
    changed = (plain != other).any(1)[0]
    assert torch.equal(changed, cells) and cells.any()


def test_it_is_a_model_like_any_other(symmflow: SemFlowPipeline, face_layout: np.ndarray, tmp_path: Path) -> None:
    symmflow.save_pretrained(tmp_path)
    loaded = SemFlowPipeline.from_pretrained(tmp_path)
    assert isinstance(loaded.velocity, SymmetricVelocity) and loaded.codebook.colors == symmflow.codebook.colors
    start = SynthesisRequest(layout=face_layout, steps=2)
    photo = loaded.synthesize(start).photo
    shown = loaded.trajectory(TrajectoryRequest(layout=face_layout, steps=2, frames=3, predict=True))
    assert shown.frames.shape == (3, SIDE, SIDE, 3)
    assert np.abs(shown.frames[0].astype(int) - photo).max() <= 1
    layout = symmflow.decode_photos(shown.latents[-1:, 4:])[0].astype(int)
    assert np.abs(shown.frames[-1] - layout).max() <= 12  # float16 weights
    frames = loaded.morph(MorphRequest(layout=face_layout, steps=1, frames=3, other_seed=5)).frames
    assert frames.shape == (3, SIDE, SIDE, 3)
    changed = face_layout.copy()
    changed[:8] = 13
    edit = loaded.edit(EditRequest(photo=photo, layout=changed, before=face_layout, steps=2))
    assert np.array_equal(edit.photo[-20:], photo[-20:]) and not np.array_equal(edit.photo[:8], photo[:8])


def test_a_network_may_work_on_a_rectangle(tmp_path: Path) -> None:
    torch.manual_seed(0)
    palette = load_palette("cityscapes")
    velocity = ConditionedUNetVelocity(small_conditional(8).eval(), torch.zeros(1, 7, 12))
    model = SemFlowPipeline(
        small_kl(), velocity, Codebook(palette), Perturbation(6.0, "white"), size=32, width=64, aspect=2.0
    )
    layout = np.repeat(np.arange(16, dtype=np.uint8)[:, None], 32, 1)
    model.save_pretrained(tmp_path)
    loaded = SemFlowPipeline.from_pretrained(tmp_path)
    synthesis = loaded.synthesize(SynthesisRequest(layout=layout, steps=1))
    assert synthesis.z0.shape == (1, 4, 4, 8) and synthesis.photo.shape == (32, 64, 3)
    assert loaded.segment(SegmentationRequest(photo=synthesis.photo, steps=1)).labels.shape == (32, 64)
    changed = layout.copy()
    changed[:4, :8] = 3
    edit = loaded.edit(EditRequest(photo=synthesis.photo, layout=changed, before=layout, steps=1))
    assert np.array_equal(edit.photo[-8:], synthesis.photo[-8:])
