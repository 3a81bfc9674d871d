"""SemFlowPipeline: one network, both directions.

A model folder is laid out as diffusers lays out its pipelines: `model_index.json` beside a folder a component, each
with `config.json` and safetensors weights. The autoencoder may stand outside (`"vae": [..., "../codec"]`), so that
models share it.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import diffusers
import numpy as np
import torch

from ..errors import InputError
from ..method.appearance import Appearance, region_colors, region_offsets
from ..method.codebook import Codebook, from_model, to_model
from ..method.colors import RegionColors
from ..method.flow import Velocity, times_to_image, times_to_mask
from ..method.palette import load_palette, palette_names
from ..method.perturbation import Perturbation, perturb
from ..method.solvers import OnStep, solve
from ..nets.backbone import BackboneUNet
from ..nets.placement import channels_last, fast_dtype, in_channels_last, save_half
from ..nets.pyramid import PyramidAutoencoder
from ..pictures.blending import composite, recolor, to_means
from ..requests.packing import pack_labels, unpack_labels, unpack_photo
from ..requests.requests import (
    EditRequest,
    MorphRequest,
    Request,
    SegmentationRequest,
    SynthesisRequest,
    TrajectoryRequest,
)
from .edit import changed_cells, edit_velocity
from .results import Edit, Morph, Segmentation, Synthesis, Trajectory

MORPH_BATCH = 8  # frames solved at once: more are no faster on a CPU, and a stop would take longer

COMPONENTS: dict[str, Any] = {
    "PyramidAutoencoder": PyramidAutoencoder,
    "AutoencoderTiny": diffusers.AutoencoderTiny,
    "UNet2DModel": diffusers.UNet2DModel,
    "BackboneUNet": BackboneUNet,
    "SeeingUNet2DModel": BackboneUNet,  # its name in folders that were saved before
}


class SemFlowPipeline:
    """Synthesis, segmentation and the path between them.

    Args:
        vae: encode(x).latents and decode(z).sample on [-1, 1] images, eight times smaller latents.
        unet: v(z, 1000 t), diffusers' UNet2DModel, or that with a backbone.
        codebook: the anchors of the label set.
        perturbation: what the model was trained with, the default of requests.
        size: side in pixels of the square that the network sees.
        aspect: width over height at which pictures are shown; photos are squeezed to the square.
        reading: settings of a SegmentationRequest with which this model reads photos best, as measured.
        appearance: what this model's regional offsets say; without, they are noise.
    """

    def __init__(
        self,
        vae: Any,
        unet: Any,
        codebook: Codebook,
        perturbation: Perturbation,
        size: int = 256,
        aspect: float = 1.0,
        name: str = "",
        reading: Mapping[str, Any] | None = None,
        appearance: Appearance | None = None,
    ) -> None:
        perturbation.check(codebook)
        self.vae, self.unet = vae.eval(), unet.eval()
        self.codebook, self.palette = codebook, codebook.palette
        self.perturbation = perturbation
        self.size, self.aspect, self.name = size, aspect, name
        self.reading, self.appearance = dict(reading or {}), appearance
        self.colors = RegionColors(codebook.palette, appearance)
        SegmentationRequest.from_dict(self.reading)  # refuses what is none of its settings
        self.device = next(unet.parameters()).device

    def to(self, device: str | torch.device) -> SemFlowPipeline:
        """Move to a device. The U-Net computes in bfloat16 where the hardware does, the rest in float32."""
        self.device = torch.device(device)
        # torch's own `to`: the one of diffusers warns of every change of precision
        for part, dtype in ((self.vae, torch.float32), (self.unet, fast_dtype(self.device))):
            channels_last(torch.nn.Module.to(part, self.device, dtype))
        return self

    # ---- folders -------------------------------------------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: str | os.PathLike[str]) -> SemFlowPipeline:
        """Load a model folder.

        Raises:
            InputError: the folder is no model of ours, or a part of it is missing.
        """
        folder = Path(folder)
        try:
            index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
            parts = {}
            for part in ("vae", "unet"):
                kind, where = index[part]
                parts[part] = COMPONENTS[kind].from_pretrained(folder / where, use_safetensors=True)
            book, label_set = index["codebook"], index["palette"]
            palette = load_palette(folder / label_set if label_set.endswith(".json") else label_set)
            codebook = Codebook(palette, book["k"], book["s"], tuple(book["order"]))
            colors = index.get("appearance") or index.get("looks")
            return cls(
                **parts,
                codebook=codebook,
                perturbation=Perturbation(**index["perturbation"]),
                size=index["size"],
                aspect=index["aspect"],
                name=folder.resolve().name,
                reading=index.get("reading"),
                appearance=Appearance.load(folder / colors, len(palette.classes)) if colors else None,
            ).to("cpu")
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError(f"{folder} is no model folder: it needs a model_index.json and its parts") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(f"the model in {folder} cannot be loaded: {reason}") from None

    def save_pretrained(self, folder: str | os.PathLike[str], vae: str = "vae") -> None:
        """Write a model folder with float16 weights.

        Args:
            vae: where the autoencoder is, relative to the folder; "vae" saves it inside, anything else
                (such as "../codec") is only referred to.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        save_half(self.unet, folder / "unet")
        if vae == "vae":
            save_half(self.vae, folder / "vae")
        label_set = self.palette.name
        if label_set not in palette_names() or load_palette(label_set) != self.palette:
            label_set = "palette.json"  # one of the user's own travels with the model
            (folder / label_set).write_text(self.palette.to_json(), encoding="utf-8")
        index = {
            "_class_name": type(self).__name__,
            "vae": [type(self.vae).__name__, vae],
            "unet": [type(self.unet).__name__, "unet"],
            "palette": label_set,
            "codebook": {"k": self.codebook.k, "s": self.codebook.s, "order": list(self.codebook.order)},
            "perturbation": asdict(self.perturbation),
            "size": self.size,
            "aspect": self.aspect,
            "reading": self.reading,
        }
        if self.appearance is not None:
            index["appearance"] = "appearance.safetensors"
            self.appearance.save(folder / index["appearance"])
        (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")

    # ---- the two directions --------------------------------------------------------------------------------------

    def synthesize(self, request: SynthesisRequest, on_step: OnStep | None = None) -> Synthesis:
        """Layout -> photo (Eq. 13).

        Raises:
            InputError: the request's layout, seeds or amplitude do not fit this model.
        """
        return self.synthesize_many([request], on_step)[0]

    def synthesize_many(self, requests: Sequence[SynthesisRequest], on_step: OnStep | None = None) -> list[Synthesis]:
        """A batch; steps, solver and grid must be the same in all of them."""
        first = _shared(requests)
        z1 = torch.cat([self.encode_layout(r) for r in requests])
        z0 = self._solve(z1, times_to_image(first.steps, first.grid), first.solver, on_step)
        photos = [self.as_asked(r, p) for r, p in zip(requests, self.decode_photos(z0))]
        return [Synthesis(photos[i], z0[i : i + 1], z1[i : i + 1]) for i in range(len(requests))]

    def segment(self, request: SegmentationRequest, on_step: OnStep | None = None) -> Segmentation:
        """Photo -> layout (Eq. 12), at the photo's own size.

        Raises:
            InputError: the photo cannot be unpacked.
        """
        return self.segment_many([request], on_step)[0]

    def segment_many(
        self, requests: Sequence[SegmentationRequest], on_step: OnStep | None = None
    ) -> list[Segmentation]:
        """A batch; how to solve and to read must be the same in all of them, the photos' sizes need not."""
        first = _shared(requests)
        photos = [unpack_photo(r.photo) for r in requests]
        views = photos + [p[:, ::-1] for p in photos] if first.mirror else photos
        z0 = torch.cat([self.encode_photo(p) for p in views])
        z1 = self._solve(z0, times_to_mask(first.steps, first.grid), first.solver, on_step)
        distances, *others = self.codebook.distances(self.decode_masks(z1)).split(len(photos))
        if first.mirror:
            palette = self.palette
            other_side = torch.from_numpy(palette.index(palette.mirror_of_id[palette.ids])).to(distances.device)
            others = [others[0].flip(-1)[:, other_side]]
        if first.mirror or first.smooth:
            distances = self.codebook.agree(distances, *others, smooth=first.smooth)
        distances = distances.cpu()
        results = []
        for i, photo in enumerate(photos):
            labels, margin = self._labels_at(distances[i], *photo.shape[:2])
            results.append(Segmentation(labels, margin, z0[i : i + 1], z1[i : i + 1]))
        return results

    def edit(self, request: EditRequest, on_step: OnStep | None = None) -> Edit:
        """Change in the photo what changed in its layout, and nothing else (docs/method.md, "Edits").

        With `appearance`, a class that the request gives an offset is recoloured where its layout stayed.

        Raises:
            InputError: the photo or a layout does not fit this model.
        """
        photo = unpack_photo(request.photo)
        read = None
        if request.before and self.appearance is not None:
            before = unpack_labels(request.before)
        else:
            read = self.segment(SegmentationRequest(request.model, photo=request.photo, **self.reading))
            before = unpack_labels(request.before) if request.before else read.labels
        before, after = self._square(before), self._square(unpack_labels(request.layout))
        wanted, own = dict(request.offsets), {}
        if self.perturbation.regional_amplitude and request.spectrum in (None, self.perturbation.spectrum):
            own = self.styles(photo, read, before)  # a region that grows keeps its look
            request = replace(request, offsets=tuple((own | wanted).items()))
        where, times = before != after, times_to_image(request.steps, request.grid)
        recolored = np.zeros(photo.shape[:2], np.float32)
        again = ~where & np.isin(before, [i for i in wanted if i in own])
        if self.appearance is not None and again.any():
            unchanged = replace(request, layout=pack_labels(before))
            ends = [self.encode_layout(replace(unchanged, offsets=tuple(o.items()))) for o in (own, own | wanted)]
            pair = self._solve(torch.cat(ends), times, request.solver, on_step)
            old, new = (cv2.resize(p, photo.shape[1::-1]) for p in self.decode_photos(pair))
            photo, recolored = recolor(photo, old, new, self.colors.regions(before, again, wanted))
        x = z0 = self.encode_photo(photo)
        if where.any():
            b = self.encode_layout(request)
            velocity = edit_velocity(self.velocity, x, b, changed_cells(where).to(self.device))
            z0 = self._solve(b, times, request.solver, on_step, velocity)
        own_photo, edited = self.decode_photos(torch.cat([x, z0]))
        edited = to_means(edited, self.colors.regions(after, where, wanted))
        own_photo, edited = (cv2.resize(p, photo.shape[1::-1]) for p in (own_photo, edited))
        photo, changed = composite(photo, own_photo, edited, where)
        return Edit(photo, np.maximum(changed, recolored), z0)

    def as_asked(self, request: SynthesisRequest, photo: np.ndarray) -> np.ndarray:
        """The photo made from a request, its regions at the mean colours that the request's offsets ask for.

        What the flow makes of an offset is near that for a usual colour, and far for one that training hardly showed
        (docs/experiments.md, style). Regions without an offset in the request stay as they are.

        Args:
            photo: (H, W, 3) uint8.
        """
        if not request.offsets:
            return photo
        labels = self._square(unpack_labels(request.layout))
        return to_means(photo, self.colors.regions(labels, True, dict(request.offsets)))

    def styles(
        self, photo: np.ndarray, read: Segmentation | None, labels: np.ndarray
    ) -> dict[int, tuple[float, float, float]]:
        """The style handles (`SynthesisRequest.offsets`) of a photo's regions, by class id.

        With `appearance` they are computed from the regions' colours, otherwise from where the flow ended.

        Args:
            photo: (H, W, 3) uint8.
            read: what `segment` said of it; with appearance it is not needed.
            labels: the regions, class ids (H, W) of any size; corrected by hand, perhaps.
        """
        if self.appearance is not None:
            small = cv2.resize(photo, (self.size, self.size), interpolation=cv2.INTER_AREA)
            found = self.appearance.offsets(torch.from_numpy(region_colors(small, self._square(labels), self.palette)))
            rows = [(r, g, b) for r, g, b in found.tolist()]
            return {int(i): row for i, row in zip(self.palette.ids, rows) if not math.isnan(row[0])}
        assert read is not None
        colors = self.decode_masks(read.z1)[0].permute(1, 2, 0).cpu().numpy()
        return region_offsets(self.codebook, colors, self._square(labels), self.perturbation.regional_amplitude)

    def trajectory(self, request: TrajectoryRequest, on_step: OnStep | None = None) -> Trajectory:
        """The path from photo (t=0) to layout (t=1), decoded at the request's times.

        Between the solver's own points the path is drawn straight, which for Euler is what it is.

        Raises:
            InputError: the photo or layout does not fit this model.
        """
        painted = None
        if request.photo:
            z = self.encode_photo(unpack_photo(request.photo))
            times = times_to_mask(request.steps, request.grid or "uniform")
        else:
            painted = SynthesisRequest(
                layout=request.layout,
                seed=request.seed,
                beta=request.beta,
                spectrum=request.spectrum,
                class_seeds=request.class_seeds,
                offsets=request.offsets,
            )
            z = self.encode_layout(painted)
            times = times_to_image(request.steps, request.grid or "quadratic")
        points: list[torch.Tensor] = []

        def keep(i: int, t: float, zt: torch.Tensor, v: torch.Tensor) -> None:
            points.append(zt)
            if on_step is not None:
                on_step(i, t, zt, v)

        points.append(self._solve(z, times, request.solver, keep))
        if times[0] > times[-1]:
            points.reverse()
            times = times[::-1]
        wanted = request.times or tuple(np.linspace(0, 1, request.frames).tolist())
        latents = torch.cat([_between(times, points, t) for t in wanted])
        ends = self._predict(latents, wanted) if request.predict else ()
        frames, *predicted = map(self._decode_all, (latents, *ends))
        if painted is not None and painted.offsets:  # the path ends in the photo that `synthesize` makes
            photo = self.decode_photos(points[0])[0]
            added = self.as_asked(painted, photo) - photo.astype(np.float32)
            frames = np.stack([_plus(f, (1 - t) * added) for t, f in zip(wanted, frames)])
            predicted[:1] = [np.stack([_plus(f, added) for f in part]) for part in predicted[:1]]
        return Trajectory(wanted, frames, latents, tuple(times), *predicted)

    def morph(self, request: MorphRequest, on_step: OnStep | None = None) -> Morph:
        """From one layout and seed to another: each frame is a photo made from a pseudo mask between the two, and
        both ends are in the colours asked for.

        The perturbed colours are blended, so where both layouts agree every frame's perturbation is below s/2.
        `on_step` is called with i running through the solves of all batches of MORPH_BATCH frames.

        Raises:
            InputError: as in `synthesize`, for either end.
        """
        end = replace(
            request,
            layout=request.other_layout or request.layout,
            seed=request.other_seed,
            class_seeds=request.other_class_seeds,
            offsets=request.other_offsets,
        )
        start_colors, end_colors = self._perturbed(request), self._perturbed(end)
        times = times_to_image(request.steps, request.grid)
        shares = tuple(np.linspace(0, 1, request.frames).tolist())
        frames = []
        for first in range(0, request.frames, MORPH_BATCH):

            def report(i: int, t: float, z: torch.Tensor, v: torch.Tensor, done: int = first // MORPH_BATCH) -> None:
                if on_step is not None:
                    on_step(i + done * request.steps, t, z, v)

            part = shares[first : first + MORPH_BATCH]
            with torch.inference_mode():
                z1 = self._encode(to_model(torch.cat([torch.lerp(start_colors, end_colors, share) for share in part])))
            frames.append(self.decode_photos(self._solve(z1, times, request.solver, report)))
        photos = np.concatenate(frames)
        # both ends are the photos that `synthesize` makes; what this adds to them fades in between, and by half-way
        # where the other end shows another class
        ends = ((request, photos[0]), (end, photos[-1]))
        at_start, at_end = (self.as_asked(r, photo) - photo.astype(np.float32) for r, photo in ends)
        one, other = (self._square(unpack_labels(r.layout)) for r in (request, end))
        stays = cv2.resize((one == other).astype(np.float32), photos.shape[2:0:-1])[..., None]
        frames = []
        for share, photo in zip(shares, photos):
            here, there = ((1 - (2 - stays) * s).clip(0) for s in (share, 1 - share))
            frames.append(_plus(photo, here * at_start + there * at_end))
        return Morph(shares, np.stack(frames))

    # ---- pieces, shared with evaluation and training -------------------------------------------------------------

    @torch.inference_mode()
    def encode_photo(self, photo: np.ndarray) -> torch.Tensor:
        """(H, W, 3) uint8 of any size -> z0 (1, C, h, w)."""
        square = cv2.resize(photo, (self.size, self.size), interpolation=cv2.INTER_AREA)
        x = to_model(torch.from_numpy(square).permute(2, 0, 1)[None].float())
        return self._encode(x)

    @torch.inference_mode()
    def encode_layout(self, request: SynthesisRequest) -> torch.Tensor:
        """The request's layout, perturbed (Eq. 14) -> z1 (1, C, h, w)."""
        return self._encode(to_model(self._perturbed(request)))

    @torch.inference_mode()
    def decode_masks(self, z1: torch.Tensor) -> torch.Tensor:
        """z1 (B, C, h, w) -> pseudo masks (B, 3, size, size) in 0..255 units."""
        return from_model(self.vae.decode(in_channels_last(z1)).sample.float())

    @torch.inference_mode()
    def decode_photos(self, z0: torch.Tensor) -> np.ndarray:
        """z0 (B, C, h, w) -> (B, size, size * aspect, 3) uint8."""
        x = from_model(self.vae.decode(in_channels_last(z0)).sample.float()).round().clamp(0, 255)
        photos = x.byte().permute(0, 2, 3, 1).cpu().numpy()
        if self.aspect != 1:
            shown = (round(self.size * self.aspect), self.size)
            photos = np.stack([cv2.resize(p, shown, interpolation=cv2.INTER_CUBIC) for p in photos])
        return photos

    @torch.inference_mode()
    def codec_roundtrip(self, labels: np.ndarray, seed: int) -> np.ndarray:
        """Class ids (B, size, size) through perturbation, encode, decode and nearest anchor: the codec's ceiling."""
        colors = [perturb(self.codebook, m, self.perturbation, seed + i) for i, m in enumerate(labels)]
        z1 = self._encode(to_model(torch.cat(colors)))
        return self.codebook.decode(self.decode_masks(z1)).labels

    def _perturbed(self, request: SynthesisRequest) -> torch.Tensor:
        """The request's pseudo mask M' (Eq. 14), (1, 3, size, size) in 0..255 units."""
        labels = self._square(unpack_labels(request.layout))
        spec = Perturbation(
            self.perturbation.beta if request.beta is None else request.beta,
            self.perturbation.spectrum if request.spectrum is None else request.spectrum,
        )
        seeds, offsets = dict(request.class_seeds), dict(request.offsets)
        regional = self.perturbation.regional_amplitude if self.appearance is not None else None
        return perturb(self.codebook, labels, spec, request.seed, seeds, offsets, self.appearance, regional)

    @torch.inference_mode()
    def _predict(self, latents: torch.Tensor, times: Sequence[float]) -> tuple[torch.Tensor, torch.Tensor]:
        """The ends that the flow heads for at each moment: z_t - t v, the photo, and z_t + (1 - t) v, the layout."""
        v = torch.cat([self.velocity(z[None], t) for z, t in zip(latents, times)])
        t = torch.tensor(times, device=v.device, dtype=v.dtype).view(-1, 1, 1, 1)
        return latents - t * v, latents + (1 - t) * v

    def _decode_all(self, latents: torch.Tensor) -> np.ndarray:
        return np.concatenate([self.decode_photos(part) for part in latents.split(8)])

    def _encode(self, x: torch.Tensor) -> torch.Tensor:
        return self.vae.encode(in_channels_last(x.to(self.device))).latents.float()

    @torch.inference_mode()
    def _solve(
        self,
        z: torch.Tensor,
        times: list[float],
        solver: str,
        on_step: OnStep | None,
        velocity: Velocity | None = None,
    ) -> torch.Tensor:
        return solve(velocity or self.velocity, z, times, solver, on_step)[0]

    def velocity(self, z: torch.Tensor, t: float) -> torch.Tensor:
        """v(z, t), (B, C, h, w) float32; the network is told 1000 t as a real number."""
        time = torch.full((len(z),), 1000 * t, dtype=torch.float32, device=z.device)
        return self.unet(in_channels_last(z.to(self.unet.dtype)), time).sample.float()

    def _square(self, labels: np.ndarray) -> np.ndarray:
        return cv2.resize(labels, (self.size, self.size), interpolation=cv2.INTER_NEAREST_EXACT)

    def _labels_at(self, distances: torch.Tensor, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Nearest anchor at any size: class scores are enlarged, never colours, which would blend into ghosts.

        Args:
            distances: (n, size, size) of the decoded mask to each anchor, in 0..255 units.
        """
        best = np.full((height, width), np.inf, np.float32)
        second, index = best.copy(), np.zeros((height, width), np.int64)
        for i, d in enumerate(distances.numpy()):  # one class at a time: a 40-megapixel photo has no room for 19
            d = cv2.resize(d, (width, height), interpolation=cv2.INTER_LINEAR)
            nearer = d < best
            second = np.where(nearer, best, np.minimum(second, d))
            best = np.where(nearer, d, best)
            index[nearer] = i
        return self.palette.ids[index], np.clip((second - best) / self.codebook.s, 0, 1)


def _shared(requests: Sequence[Any]) -> Any:
    """The first request, once all of a batch agree on how to solve."""
    if not requests:
        raise InputError("there is nothing to do: the list of requests is empty")

    def how(r: Request) -> tuple[object, ...]:
        return r.steps, r.solver, getattr(r, "grid", None), getattr(r, "mirror", False), getattr(r, "smooth", 0)

    if any(how(r) != how(requests[0]) for r in requests):
        raise InputError("the requests of one batch must have the same steps, solver and grid")
    return requests[0]


def _between(times: Sequence[float], points: Sequence[torch.Tensor], t: float) -> torch.Tensor:
    """Linear interpolation at t in a path with ascending times."""
    j = int(np.clip(np.searchsorted(times, t), 1, len(times) - 1))
    share = (t - times[j - 1]) / (times[j] - times[j - 1])
    return torch.lerp(points[j - 1], points[j], share)


def _plus(photo: np.ndarray, added: np.ndarray) -> np.ndarray:
    return (photo + added).round().clip(0, 255).astype(np.uint8)
