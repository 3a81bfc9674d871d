"""What the stages `renderer` and `finish` are made of."""
