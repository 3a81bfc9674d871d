"""EfficientNet-Lite (ImageNet) as a frozen feature network: Lite0 in the losses and the critic, Lite2 in judging."""

from semflow_core.nets.efficientnet import DEPTHS, WIDTHS, LiteBlock, LiteFeatures, folded, load_lite

__all__ = ["DEPTHS", "WIDTHS", "LiteBlock", "LiteFeatures", "folded", "load_lite"]
