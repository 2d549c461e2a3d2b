"""Hugging Face: asking for model files, fetching them, and what of them lies on this machine."""
