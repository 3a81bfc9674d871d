"""SemFlow: rectified flow between photos (t=0) and colour-coded label maps (t=1), one network for both directions."""
