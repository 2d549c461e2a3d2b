"""The production kit for calm films made with LTX-2 and ComfyUI."""

__version__ = "0.1.0"
