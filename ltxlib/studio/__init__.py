"""Floor 2: one service for each step of the work."""
