"""Floor 3: the panels that the notebooks show."""
