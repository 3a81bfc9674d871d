"""Train a layout reader: a segmentation network on pixels, which the flow follows from a photo to its layout.

    python -m semflow_core train configs/faces.yaml kind=reader

Photos without masks can be learned from, too, once there is a reader that says what it sees in them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from torch.nn import functional as F

from ...data.augment import Augmentation
from ...errors import InputError
from ...evaluation.segmentation import confusion, miou_of
from ...method.codebook import photos_to_model
from ...nets.contracts import LearnedReader
from ...nets.efficientnet import LiteFeatures
from ...nets.placement import save_half
from ...nets.reader import CELL, LayoutReader
from ...nets.starts import load_reader
from ...pipeline.pixels import labels_of, probabilities
from ...requests.typed import Bounds
from ..config import OptimConfig
from ..reading.losses import VOID, class_weights, pair_chances, soft_dice
from ..reading.samples import LabelledFolder, ReaderBatch, UnlabelledPhotos, ready
from ..report import count_held_out
from ..task import Context, Task


@dataclass(frozen=True)
class ReaderConfig:
    """The section `reader`."""

    init: str = ""  # folder of a reader to start from; empty: ImageNet's weights
    height: int = 384  # pixels that a photo is read at
    width: int = 384
    features: int = 96  # channels of the pyramid
    augment: Augmentation = field(default_factory=lambda: Augmentation(rotate=12, shift=0.08, scale=0.3, colour=0.3))
    rare_pairs: Annotated[float, Bounds(0, 1, "reader.rare_pairs")] = 0.5  # power of rarity with which pairs are drawn
    rare_pixels: Annotated[float, Bounds(0, 1, "reader.rare_pixels")] = 0.3  # the same of weights in cross-entropy
    dice: float = 0.5  # weight of the soft Dice loss
    encoder_rate: float = 0.3  # times optim.lr
    unlabelled: list[str] = field(default_factory=list)  # folders of photos without masks, below the data root
    teacher: str = ""  # folder of the reader that says what they show
    certain: float = 0.7  # probability from which it is believed
    others: list[str] = field(default_factory=list)  # folders of more pairs, below the data root
    ambiguous: list[int] = field(default_factory=list)  # class ids that mean several classes there: not counted
    # of the samples, how many are from `unlabelled` or `others`
    others_share: Annotated[float, Bounds(0, 1, "reader.others_share")] = 0.4
    optim: OptimConfig = field(default_factory=OptimConfig)

    def __post_init__(self) -> None:
        if min(self.height, self.width) < CELL or self.height % CELL or self.width % CELL:
            raise InputError(f"reader.height and .width are {self.height} and {self.width}; {CELL} must divide both")
        if bool(self.unlabelled) != bool(self.teacher):
            raise InputError("reader.unlabelled needs reader.teacher, the reader that says what the photos show")


class ReaderTask(Task):
    """Cross-entropy and soft Dice of class scores.

    Raises:
        InputError: the pairs are broken, or EfficientNet-Lite0 is not on this machine.
    """

    model: Any

    def __init__(self, config: ReaderConfig, context: Context) -> None:
        self.config, domain = config, context.domain
        assert domain is not None, "a stage that is trained on a domain's pairs says so in the registry (stages.py)"
        self.palette = domain.codebook().palette
        self.folder = LabelledFolder(context.root / domain.folder, self.palette, domain.ids)
        self.pairs, held_out = self.folder.pairs[: -domain.held_out], self.folder.pairs[-domain.held_out :]
        if not self.pairs:
            raise InputError(f"{domain.folder} has no pairs beside the {domain.held_out} that are held out")
        self.held_out = [self.folder.read(pair) for pair in held_out]
        self.others = [
            LabelledFolder(context.root / name, self.palette, ambiguous=config.ambiguous) for name in config.others
        ]
        self.unlabelled: UnlabelledPhotos | None = None
        if config.teacher:
            reading = LearnedReader(load_reader(config.teacher, len(self.palette.classes)))
            reading.to("cpu")
            folders = [context.root / name for name in config.unlabelled]
            self.unlabelled = UnlabelledPhotos(folders, self.palette, reading, config.certain)
        pixels = self.folder.pixels(self.pairs)
        self.weights = class_weights(pixels.sum(0), config.rare_pixels)
        self.chances = pair_chances(pixels, config.rare_pairs)
        self.model = LayoutReader(len(self.palette.classes), config.height, config.width, config.features)
        if config.init:
            self.model.load_state_dict(load_reader(config.init, len(self.palette.classes)).state_dict())
        else:
            self.model.start_from_imagenet(LiteFeatures(0).state_dict())

    def groups(self, lr: float) -> list[dict[str, Any]]:
        """Parameters with their learning rates: the encoder learns more slowly than what is new."""
        encoder = [*self.model.stem.parameters(), *self.model.blocks.parameters()]
        known = {id(p) for p in encoder}
        others = [p for p in self.model.parameters() if id(p) not in known]
        return [{"params": encoder, "lr": self.config.encoder_rate * lr}, {"params": others, "lr": lr}]

    def batch(self, rng: np.random.Generator, device: torch.device) -> ReaderBatch:
        config, size = self.config, (self.config.width, self.config.height)
        samples = [ready(*self.draw(rng), size, self.palette, rng, config.augment) for _ in range(config.optim.batch)]
        photos, labels = (np.stack(part) for part in zip(*samples))
        return ReaderBatch(photos_to_model(photos).to(device), torch.from_numpy(labels).to(device))

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A photo and its class ids."""
        sources = [*self.others, *([self.unlabelled] if self.unlabelled else [])]
        if sources and rng.random() < self.config.others_share:
            source = sources[rng.integers(len(sources))]
            if isinstance(source, UnlabelledPhotos):
                return source.read(int(rng.integers(len(source.files))))
            return source.labelled(source.pairs[rng.integers(len(source.pairs))])
        return self.folder.labelled(self.pairs[rng.choice(len(self.pairs), p=self.chances)])

    def loss(self, model: torch.nn.Module, batch: ReaderBatch) -> dict[str, torch.Tensor]:
        scores = model(batch.photos).float()
        weights = self.weights.to(scores.device)
        entropy = F.cross_entropy(scores, batch.labels, weights, ignore_index=VOID)
        dice = soft_dice(scores, batch.labels)
        return {"loss": entropy + self.config.dice * dice, "entropy": entropy, "dice": dice}

    def report(self, model: Any, step: int, out: Path) -> str:
        """mIoU at the photos' own size, without and with the mirror image."""
        reading, figures, photos = LearnedReader(model), [], [photo for photo, _ in self.held_out]
        for mirror in (False, True):
            counts = sum(
                confusion(labels_of(found, self.palette, *mask.shape), mask, self.palette)
                for found, (_, mask) in zip(probabilities(reading, photos, self.palette, mirror), self.held_out)
            )
            figures.append(miou_of(np.asarray(counts)))
        plain, mirrored = figures
        return f"reader {plain:.1f} mIoU, with the mirror image {mirrored:.1f} ({count_held_out(len(self.held_out))})"

    def export(self, model: Any, out: Path) -> None:
        save_half(model, out)
