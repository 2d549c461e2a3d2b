"""In a graph without tags the kit finds what it can drive, says why, and says what it cannot."""
