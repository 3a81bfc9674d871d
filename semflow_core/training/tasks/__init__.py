"""The kinds of training, one file per kind; `training/stages.py` is their registry."""
