"""What stands between visitors and the studio: limits, refusals, turns. Nothing here knows what a layout is."""
