"""Floor 0: pure knowledge of scenes, graphs, takes and timelines; no disk, no network, no clock."""
