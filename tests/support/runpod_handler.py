"""The program of a worker, for the runpod SDK's own local server (started with --rp_serve_api).

COMFY_URL in the environment is the ComfyUI that works for it.
"""

from __future__ import annotations

import asyncio
import os

import runpod

from tests.support.serverless_worker import work


async def handler(job: dict) -> dict:
    """One job, beside others: the SDK would wait for a plain function with all its doors shut."""
    return await asyncio.to_thread(work, job, os.environ["COMFY_URL"])


if __name__ == "__main__":
    runpod.serverless.start({"handler": handler})
