"""The studies that train, as data: their questions and the settings of their variants."""

from __future__ import annotations

from dataclasses import dataclass

# the U-Net alone; two studies are about its backbone
PLAIN = ("stages=[flow]", "flow.photo_reading.weight=0")
BACKBONE = ("stages=[backbone, flow]", "backbone.optim.steps=300")


@dataclass(frozen=True)
class Variant:
    """A row of a training study: the settings, as of `train`, in which it differs from the others."""

    name: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainingStudy:
    """A question, and the trainings that answer it."""

    question: str
    variants: tuple[Variant, ...]


def perturbed(beta: int, spectrum: str, appearance: bool = False) -> tuple[str, ...]:
    """Settings of a perturbation: amplitude in 0..255 units, spectrum, and whether offsets ask for colours."""
    return f"latents.beta={beta}", f"latents.spectrum={spectrum}", f"latents.appearance={str(appearance).lower()}"


TRAINING_STUDIES = {
    "codebook": TrainingStudy(
        "The paper's codebook (6, 50) or a wide one (3, 125) whose anchors stand in a searched order?",
        (
            Variant("wide (3, 125), searched order"),
            Variant("wide (3, 125), the paper's order", ("latents.domain.order=[]",)),
            # beta at the same share of s/2
            Variant(
                "paper (6, 50)",
                ("latents.domain.k=6", "latents.domain.s=50", "latents.domain.order=[]", "latents.beta=16"),
            ),
        ),
    ),
    "perturbation": TrainingStudy(
        "Which perturbation should training use: none, the paper's white ±6, or regional, as noise or for colours?",
        (
            Variant("none", perturbed(0, "white")),
            Variant("white ±6 (the paper)", perturbed(6, "white")),
            Variant("white ±40", perturbed(40, "white")),
            Variant("regional ±20", perturbed(20, "regional")),
            Variant("regional ±40", perturbed(40, "regional")),
            Variant("regional ±40, for colours", perturbed(40, "regional", appearance=True)),
        ),
    ),
    "times": TrainingStudy(
        "Where should training put its times: evenly, at both ends, or in the middle?",
        (
            Variant("uniform (the paper)", ("flow.time_sampling=uniform",)),
            Variant("U-shaped", ("flow.time_sampling=u_shaped",)),
            Variant("logit-normal", ("flow.time_sampling=logit_normal",)),
        ),
    ),
    "endpoint": TrainingStudy(
        "Does cross-entropy on the decoded mask that the velocity points to help, how much of it, and of which kind?",
        (
            Variant("none (the paper)", ("flow.endpoint.weight=0",)),
            Variant("0.2 of the common one", ("flow.endpoint.weight=0.2", "flow.endpoint.power=0")),
            Variant("1 of the common one", ("flow.endpoint.weight=1", "flow.endpoint.power=0")),
            Variant("1 of the generalised one, q = 0.5", ("flow.endpoint.weight=1", "flow.endpoint.power=0.5")),
        ),
    ),
    "off-path": TrainingStudy(
        "Does it help to train on off-path states, which the network itself reaches from the photo and the layout?",
        (
            Variant("the straight path only (the paper)", ("flow.off_path.samples=0",)),
            Variant("3 of 16 samples per direction", ("flow.off_path.samples=3",)),
        ),
    ),
    "ema": TrainingStudy(
        "How long an average of the weights?",
        (
            Variant("none (the paper)", ("optim.ema=0",)),
            Variant("0.9", ("optim.ema=0.9",)),
            # averages warm up: they are one and the same before the 460th step at 0.99, the 10 000th at 0.999
            Variant("0.999, warming up", ("optim.ema=0.999",)),
        ),
    ),
    "backbone": TrainingStudy(
        "Does it help to give the U-Net the features of an ImageNet backbone, trained to segment first?",
        (Variant("none (the paper)"), Variant("a backbone, trained for 300 steps", BACKBONE)),
    ),
    "reading": TrainingStudy(
        "Does it help that the backbone must find the layout in the photos that are synthesised?",
        (
            Variant("no such term", (*BACKBONE, "flow.photo_reading.weight=0")),
            Variant("at weight 0.3", (*BACKBONE, "flow.photo_reading.weight=0.3")),
        ),
    ),
    "augmentation": TrainingStudy(
        "What does augmentation buy with few pairs?",
        (
            Variant("the configuration's"),
            Variant("no rotation", ("latents.augment.rotate=0",)),
            Variant("no mirror", ("latents.augment.mirror=false",)),
            Variant("one copy of each pair", ("latents.copies=1",)),
        ),
    ),
}
