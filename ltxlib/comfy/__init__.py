"""Floor 1: the ComfyUI server, spoken to over HTTP and WebSocket."""
