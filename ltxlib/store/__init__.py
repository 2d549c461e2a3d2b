"""Floor 1: everything the kit reads from and writes to disk."""
