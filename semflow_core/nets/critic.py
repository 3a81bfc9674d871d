"""The renderer's critic: real or synthesised, place by place, on a frozen network's features and on pixels.

A projected critic (Sauer et al. 2021): small heads on the features of EfficientNet-Lite0 at four depths, conditioned
on the layout, for two views (the whole photo made smaller, a crop at full size); a patch critic on the crop's pixels,
for what a quarter of the resolution cannot show; and for either view a head that labels every place "class c" or
"synthesised" (OASIS, Schönfeld et al. 2021; on a frozen backbone as in DP-SIMS, 2024).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from .efficientnet import WIDTHS


def conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1) -> nn.Module:
    """With spectral normalisation."""
    return spectral_norm(nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2))


class Head(nn.Module):
    """Features and the layout there -> real (> 0) or synthesised, place by place."""

    def __init__(self, channels: int, classes: int, width: int = 64) -> None:
        super().__init__()
        self.features, self.layout = conv(channels, width), conv(classes, width)
        self.mix, self.out = conv(width, width, 3), conv(width, 1)

    def forward(self, features: torch.Tensor, layout: torch.Tensor) -> torch.Tensor:
        """(B, channels, h, w) and one-hot layouts (B, classes, H, W) -> (B, 1, h, w)."""
        h = self.features(features) + self.layout(F.adaptive_avg_pool2d(layout, features.shape[2:]))  # type: ignore
        return self.out(F.leaky_relu(self.mix(F.leaky_relu(h, 0.2)), 0.2))


class LabelHead(nn.Module):
    """Features of all depths -> scores of each class and of "synthesised", at the finest depth's size."""

    def __init__(self, classes: int, width: int = 48) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(conv(c, width) for c in WIDTHS)
        self.mix = nn.ModuleList(conv(width, width, 3) for _ in WIDTHS[1:])
        self.out = conv(width, classes + 1)
        self.scale = nn.Parameter(torch.tensor(4.0))  # spectral normalisation would hold scores near 0

    def forward(self, features: list[torch.Tensor]) -> torch.Tensor:
        """(B, classes + 1, h, w)."""
        h = self.lateral[-1](features[-1])
        for lateral, mix, finer in zip(self.lateral[-2::-1], self.mix, features[-2::-1]):
            h = F.interpolate(h, finer.shape[2:], mode="bilinear", align_corners=False) + lateral(finer)
            h = F.leaky_relu(mix(F.leaky_relu(h, 0.2)), 0.2)
        return self.scale * self.out(h)


def patch_critic(width: int = 32) -> nn.Sequential:
    """Real or synthesised by pixels alone, of about 30 pixels each: (B, 3, H, W) -> (B, 1, H / 8, W / 8)."""
    w = width
    chain = [conv(3, w, 4, 2), conv(w, 2 * w, 4, 2), conv(2 * w, 4 * w, 4, 2), conv(4 * w, 4 * w, 3)]
    return nn.Sequential(*[m for c in chain for m in (c, nn.LeakyReLU(0.2))], conv(4 * w, 1))


class Critic(nn.Module):
    """All judgements of both views. The features are taken outside, once for all that need them."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.heads = nn.ModuleList(nn.ModuleList(Head(c, classes) for c in WIDTHS) for _ in range(2))
        self.labels = nn.ModuleList(LabelHead(classes) for _ in range(2))
        self.patches = patch_critic()
        for i, c in enumerate(WIDTHS):
            self.register_buffer(f"mean{i}", torch.zeros(1, c, 1, 1))
            self.register_buffer(f"std{i}", torch.ones(1, c, 1, 1))

    @torch.no_grad()
    def fit(self, features: list[torch.Tensor]) -> None:
        """Statistics per channel from real photos' features: raw ones are ill-conditioned."""
        for i, f in enumerate(features):
            getattr(self, f"mean{i}").copy_(f.float().mean((0, 2, 3), keepdim=True))
            getattr(self, f"std{i}").copy_(f.float().std((0, 2, 3), keepdim=True).clamp(min=1e-3))

    def forward(
        self, pictures: torch.Tensor, features: list[torch.Tensor], labels: torch.Tensor
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Judge both views.

        Args:
            pictures: (2B, 3, S, S), the whole photos made smaller and then the crops.
            features: their features (`LiteFeatures`).
            labels: (2B, S / 4, S / 4) class indices.

        Returns:
            Judgements real (> 0) or synthesised, nine of (B, 1, h, w); scores of classes and of "synthesised",
            (2B, classes + 1, S / 4, S / 4).
        """
        normed = [(f - getattr(self, f"mean{i}")) / getattr(self, f"std{i}") for i, f in enumerate(features)]
        layout = F.one_hot(labels, self.classes).movedim(-1, 1).to(features[0].dtype)
        judged, scores = [], []
        halves = zip(zip(*(f.chunk(2) for f in normed)), layout.chunk(2), self.heads, self.labels)
        for half, where, heads, label_head in halves:
            judged += [head(f, where) for head, f in zip(heads, half)]  # type: ignore
            scores.append(label_head(list(half)))
        judged.append(self.patches(pictures.chunk(2)[1]))
        return judged, torch.cat(scores)
