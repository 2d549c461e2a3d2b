"""Floor 1: ffmpeg, pixels and sound."""
