"""The photo renderer, trained on what the flow of a model makes; and the finish, which trains that flow with it.

    python -m semflow_core train configs/faces.yaml stages=[renderer] renderer.model=assets/models/faces

One network, `PhotoRenderer`, against a critic that gets the layout (`nets/critic.py`). Both are parts of one module
with disjoint losses, so that the training loop needs one backward pass, one optimizer and one checkpoint.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from ...errors import InputError
from ...nets.critic import Critic
from ...nets.efficientnet import LiteFeatures
from ...nets.placement import place, save_half_weights
from ...nets.renderer import PhotoRenderer
from ...pipeline.pipeline import SemFlowPipeline
from ..config import OptimConfig
from ..rendering.flow_end import hold, last_step
from ..rendering.losses import class_weights, hinge_of_critic, hinge_of_renderer, mean_where, perceptual
from ..rendering.pairs import DRAWN, ENCODED, RenderingBatch, RenderingPairs
from ..rendering.views import averages, draw_light, draw_window
from ..report import both_directions
from ..task import Context, Task

CRITIC_FILE = "critic.safetensors"  # beside the export: the finish goes on with it
FIELDS, DRAWN_FIELDS = 64, 16  # fields per axis over which colours are compared; of drawn colours, coarser ones
DRAWN_STEPS = 2  # of the solve whose colours drawn layouts are held to in the finish
CRITIC_SCALE = 9.0  # judgements of the critic, whose losses are averaged, against one cross-entropy of labels
FIT = 8  # batches of real photos that the critic's statistics are taken from


@dataclass(frozen=True)
class RendererConfig:
    """The section `renderer`."""

    model: str = ""  # folder of the model whose flow is rendered; empty: that of the stage before
    height: int = 512  # of rendered photos, in pixels
    widths: list[int] = field(default_factory=lambda: [160, 128, 64, 32, 16])  # PhotoRenderer's
    blocks: list[int] = field(default_factory=lambda: [4, 4, 2, 2, 0])
    kinds: list[float] = field(default_factory=lambda: [0.4, 0.2, 0.22, 0.18])  # own, sloppy, encoded, drawn layouts
    solved: list[int] = field(default_factory=lambda: [1, 2, 2, 4, 4, 6, 8])  # numbers of steps, one drawn per batch
    perceptual: float = 2.0
    coarse: float = 1.0
    exact: float = 0.5  # L1 of encoded photos
    start_l1: float = 0.3  # L1 of all, until the critic is there
    hinge: float = 0.15
    patches: float = 0.3  # of the critic of pixels in the hinge: more of it gives cloth and walls a grain
    labels: float = 0.1  # of the cross-entropy of places
    critic_start: int = 300  # steps without a critic
    ramp_start: int = 400  # steps without its losses
    ramp: int = 300  # steps over which they grow
    critic_rate: float = 2.0  # times optim.lr
    flow_rate: float = 0.0  # times optim.lr; 0: the flow stays as it is
    hold: float = 1.0  # of the flow's own loss, where it is trained
    optim: OptimConfig = field(default_factory=lambda: OptimConfig(batch=4, lr=3e-4, betas=[0.5, 0.99], clip=5.0))

    def __post_init__(self) -> None:
        if len(self.kinds) != 4 or min(self.kinds) < 0 or abs(sum(self.kinds) - 1) > 1e-6:
            raise InputError(f"renderer.kinds is {self.kinds}; it must be four shares that add up to 1")
        if not self.solved or min(self.solved) < 1:
            raise InputError(f"renderer.solved is {self.solved}; it must name numbers of solver steps, 1 or more each")


@dataclass(frozen=True)
class FinishConfig(RendererConfig):
    """The section `finish`: renderer and critic go on, and the flow learns with them."""

    solved: list[int] = field(default_factory=lambda: [1, 2, 4])
    critic_start: int = 0
    ramp_start: int = 0
    ramp: int = 1
    flow_rate: float = 0.15


class Rendering(nn.Module):
    """What is trained together: a renderer, its critic and, in the finish, the flow's network."""

    def __init__(self, renderer: PhotoRenderer, critic: Critic, flow: nn.Module | None) -> None:
        super().__init__()
        self.renderer, self.critic, self.flow = renderer, critic, flow
        self.steps: torch.Tensor
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))

    def forward(self, losses: Any, *args: Any) -> dict[str, torch.Tensor]:
        """`losses(self, *args)`: called through the module, so that wrappers for several processes take part."""
        return losses(self, *args)


class RendererTask(Task):
    """Training of a renderer, and of the flow through it where `flow_rate` is above 0.

    Raises:
        InputError: there is no model to render, its pairs do not fit, or EfficientNet-Lite0 is not on this machine.
    """

    model: Any

    def __init__(self, config: RendererConfig, context: Context) -> None:
        folder = config.model or next((context.exports[n] for n in ("renderer", "flow") if n in context.exports), None)
        if folder is None:
            raise InputError("there is no flow to render: train one before, or name a model's folder in renderer.model")
        self.config, self.context = config, context
        self.pipeline, self.latents = SemFlowPipeline.from_pretrained(folder), context.latents
        self.features = LiteFeatures(0)
        finishes = config.flow_rate > 0
        if finishes and not self.pipeline.learned:
            raise InputError(f"the model in {folder} has no renderer; train one first (stages: [renderer, finish])")
        pipeline, domain = self.pipeline, self.latents.config.domain
        self.pairs = RenderingPairs(
            context.root / domain.folder, domain.held_out, pipeline, config.height, context.seed
        )
        cells = [pipeline.size // pipeline.codec.factor] * 2
        net = PhotoRenderer(
            pipeline.codec.channels, tuple(config.widths), tuple(config.blocks), enlargements(self.pairs.shape, cells)
        )
        critic = Critic(len(pipeline.palette.classes))
        flow: Any = None
        self.former: Any = pipeline.velocity
        if finishes:
            net.load_state_dict(pipeline.renderer.module.float().state_dict())  # type: ignore[attr-defined]
            file = Path(folder).parent / CRITIC_FILE
            if file.is_file():
                critic.load_state_dict(load_file(file))
            flow = copy.deepcopy(self.former.module).float().requires_grad_(True)
            backbone = getattr(flow, "backbone", None)
            if backbone is not None:
                backbone.requires_grad_(False)
        self.fitted = finishes
        self.model = Rendering(net, critic, flow)
        self.placed = False

    def prepare(self) -> None:
        """Take the statistics of real photos' features."""
        if self.fitted:
            return
        rng, device = np.random.default_rng((self.context.seed, 5)), self.latents.device
        self._place(device)
        place(self.model, device, fast=False)
        parts = []
        for _ in range(FIT):
            batch, _ = self.batch(rng, device)
            parts.append(self.features(draw_window(rng, batch.labels, self.pairs.shape).views(batch.photos)))
        self.model.critic.fit([torch.cat(f) for f in zip(*parts)])

    def _place(self, device: torch.device) -> None:
        """The frozen parts on the device of the training."""
        if not self.placed:
            self.pipeline.to(device)
            place(self.features, device, fast=False)
            self.placed = True

    def groups(self, lr: float) -> list[dict[str, Any]]:
        """Parameters with their learning rates."""
        config, model = self.config, self.model
        groups = [
            {"params": list(model.renderer.parameters()), "lr": lr},
            {"params": list(model.critic.parameters()), "lr": config.critic_rate * lr},
        ]
        if model.flow is not None:
            groups.append(
                {"params": [p for p in model.flow.parameters() if p.requires_grad], "lr": config.flow_rate * lr}
            )
        return groups

    def batch(self, rng: np.random.Generator, device: torch.device) -> tuple[RenderingBatch, np.random.Generator]:
        self._place(device)
        return self.pairs.batch(rng, self.config.optim.batch, self.config.kinds, device), rng

    def loss(self, model: Any, batch: Any) -> dict[str, torch.Tensor]:
        return model(self.losses, *batch)

    def losses(self, model: Rendering, batch: RenderingBatch, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """All parts of the loss; the critic's and the renderer's reach parameters of their own only."""
        config, step = self.config, int(model.steps)
        model.steps += 1
        parts: dict[str, torch.Tensor] = {}
        z0, loss = self._solved(model, batch, rng, parts)  # z0 as rendered: solved, or the photo's own
        noise = torch.randn(model.renderer.noise_shape(z0), device=z0.device)
        made = model.renderer(z0, batch.z1, noise).float()
        window = draw_window(rng, batch.labels, self.pairs.shape)
        labels = window.labels(batch.labels)
        weights = class_weights(labels, model.critic.classes)
        light = draw_light(rng, len(made), made.device)
        pictures, real_pictures = (light(window.views(x)) for x in (made, batch.photos))
        features = self.features(pictures)
        with torch.no_grad():
            real = self.features(real_pictures)
        has_photo = batch.kind != DRAWN
        parts["perceptual"] = mean_where(perceptual(features, real, weights[labels]), has_photo.repeat(2))
        parts["coarse"] = self._coarse(made, batch, z0)
        error = (made - batch.photos).abs().mean((1, 2, 3))
        parts["exact"] = mean_where(error, batch.kind == ENCODED)
        loss = loss + config.perceptual * parts["perceptual"] + config.coarse * parts["coarse"]
        loss = loss + config.exact * parts["exact"]
        share = min(1.0, max(0.0, (step + 1 - config.ramp_start) / config.ramp))
        if share < 1:
            loss = loss + (1 - share) * config.start_l1 * mean_where(error, has_photo)
        if share > 0:
            model.critic.requires_grad_(False)
            judged, scores = model.critic(pictures, features, labels)
            model.critic.requires_grad_(True)
            parts["hinge"] = hinge_of_renderer(judged, config.patches)
            parts["labels"] = F.cross_entropy(scores.float(), labels, weights)
            loss = loss + share * (config.hinge * parts["hinge"] + config.labels * parts["labels"])
        if step >= config.critic_start:
            parts |= critic_losses(model.critic, (pictures, features), (real_pictures, real), labels)
            loss = loss + parts["critic"] * CRITIC_SCALE + parts["critic_labels"]
        else:  # wrappers for several processes want every parameter in every step
            loss = loss + 0 * sum(p.sum() for p in model.critic.parameters())
        return {"loss": loss, **parts}

    def _solved(
        self, model: Rendering, batch: RenderingBatch, rng: np.random.Generator, parts: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, Any]:
        """z0 (B, C, h, w) that are rendered, and the loss so far: that of the flow, where it is trained."""
        steps, encoded = int(rng.choice(self.config.solved)), (batch.kind == ENCODED).view(-1, 1, 1, 1)
        if model.flow is None:
            with torch.no_grad():
                ends = last_step(self.former, batch.z1, steps)
            return torch.where(encoded, batch.z0, ends), 0.0
        velocity = self.former.around(model.flow)
        ends = last_step(velocity, batch.z1, steps)
        paired = batch.kind != DRAWN
        parts["hold"] = hold(velocity, self.former, batch.z0[paired], batch.z1[paired])
        if not bool(paired.any()):
            parts["hold"] = 0 * ends.sum()
        return torch.where(encoded, batch.z0, ends), self.config.hold * parts["hold"]

    def _coarse(self, made: torch.Tensor, batch: RenderingBatch, z0: torch.Tensor) -> torch.Tensor:
        """Mean difference of averaged colours: to the photo; of drawn colours, to the codec's picture of the flow."""
        drawn = batch.kind == DRAWN
        differences = averages(made - batch.photos, FIELDS).abs().mean((1, 2, 3))
        if bool(drawn.any()):
            with torch.no_grad():
                ends = z0[drawn] if self.model.flow is None else last_step(self.former, batch.z1[drawn], DRAWN_STEPS)
                target = averages(self.pipeline.codec.decode(ends), DRAWN_FIELDS)
            wide = (averages(made[drawn], DRAWN_FIELDS) - target).abs().mean((1, 2, 3))
            differences = differences.masked_scatter(drawn, wide)
        return differences.mean()

    def report(self, model: Any, step: int, out: Path) -> str:
        return both_directions(self._pipeline(model), self.latents.dev, out / f"{step:07d}.png")

    def export(self, model: Any, out: Path) -> None:
        self._pipeline(model).save_pretrained(out, max_shard_size=self.context.max_shard_size)
        save_half_weights(model.critic, out.parent / CRITIC_FILE)

    def _pipeline(self, model: Rendering) -> SemFlowPipeline:
        """The model with the renderer, and the flow, as they are now."""
        before = self.pipeline
        velocity = self.former if model.flow is None else self.former.around(copy.deepcopy(model.flow))
        pipeline = SemFlowPipeline(
            before.codec,
            velocity,
            before.codebook,
            before.perturbation,
            before.size,
            before.aspect,
            before.name,
            before.read_defaults,
            before.appearance,
            copy.deepcopy(model.renderer),
        )
        return pipeline.to(self.latents.device)


def critic_losses(
    critic: Critic,
    synthesised: tuple[torch.Tensor, list[torch.Tensor]],
    real: tuple[torch.Tensor, list[torch.Tensor]],
    labels: torch.Tensor,
) -> dict[str, torch.Tensor]:
    """The critic's own losses.

    Args:
        synthesised, real: pictures (2B, 3, S, S) and their features; nothing flows back into them.
        labels: (2B, S / 4, S / 4) class indices.
    """
    on_real, real_scores = critic(*real, labels)
    pictures, features = synthesised
    on_made, made_scores = critic(pictures.detach(), [f.detach() for f in features], labels)
    entropy = F.cross_entropy(real_scores.float(), labels, class_weights(labels, critic.classes))
    entropy = entropy + F.cross_entropy(made_scores.float(), torch.full_like(labels, critic.classes))
    return {"critic": hinge_of_critic(on_real, on_made), "critic_labels": entropy}


def enlargements(photo: Sequence[int], latents: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """A renderer's factors from latents (h, w) to photos (H, W): by 2, the last ones of the shorter side by 1."""
    doublings = [(n // z).bit_length() - 1 for n, z in zip(photo, latents)]
    return tuple((1 + (i < doublings[0]), 1 + (i < doublings[1])) for i in range(max(doublings)))


def check_renderer(config: RendererConfig, before: Sequence[str]) -> None:
    """Raise InputError for a stage that has nothing to render, or a height that no renderer gives.

    Args:
        before: the names of the stages that run before.
    """
    if not config.model and not {"flow", "renderer"} & set(before):
        raise InputError(
            "there is no flow to render: name a model's folder in the key 'model', or train one first "
            "(stages: [flow, renderer])"
        )
    if config.height < 1 or config.height & (config.height - 1):
        raise InputError(f"the height of rendered photos is {config.height}; it must be a power of two, such as 512")
    if len(config.blocks) != len(config.widths):
        raise InputError("a renderer needs as many blocks as widths, one entry per level")
