"""Floor 1: a ComfyUI-compatible server for machines with no GPU; all it makes is marked REHEARSAL."""
