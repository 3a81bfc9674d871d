"""The terms of the losses, one file per term."""
