"""What is said of a file that a server lacks."""

from __future__ import annotations

from ltxlib.core.missing import told


def test_a_file_that_is_gone_is_told_with_what_there_is_instead():
    """Its follower, where that goes and where it comes from."""
    what, cure = told("model_name", "ltx-2.3-spatial-upscaler-x2-1.0.safetensors", ["other.safetensors"])
    assert "which this ComfyUI does not have" in what
    for words in ("taken off", "x2-1.1.safetensors", "models/latent_upscale_models", "Lightricks/LTX-2.3"):
        assert words in cure


def test_a_file_that_is_there_under_another_folder_is_chosen():
    """What is there counts before what might be fetched."""
    name = "ltx-2.3-spatial-upscaler-x2-1.0.safetensors"
    assert told("model_name", name, [f"old/{name}"])[1] == f"It is there as old/{name}: choose that."
