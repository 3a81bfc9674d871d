"""Kinds of device that a network may compute on; free of torch, so that help texts list them at once."""

DEVICES = ("cpu", "cuda", "mps")
