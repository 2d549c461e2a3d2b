"""Takes for tests."""

from ltxlib.core.take import ClipFacts, Take


def a_take(**changes) -> Take:
    """A plain take of the scene rain; any field may be changed."""
    clip = ClipFacts("a.mp4", 4, "0" * 64, 128, 64, 9, "24", 0.375, True)
    values = {
        "take_id": "take01-abc",
        "scene": "rain",
        "take_no": 1,
        "seed": 7,
        "fingerprint": "f" * 64,
        "mode": "t2v",
        "model": "ltx-2-19b-distilled",
        "prompt": "Rain.",
        "negative_prompt": "",
        "workflow": "asmr-txt2vid.json",
        "workflow_sha256": "e" * 64,
        "prompt_id": "p",
        "made_at": "2026-01-01T00:00:00.000+00:00",
        "render_s": 1.5,
        "rehearsal": True,
        "clip": clip,
    }
    return Take(**{**values, **changes})
