"""What RunPod says of a job, and why jobs fail, from its words to the kit's."""

from __future__ import annotations

import json

import pytest

from ltxlib.comfy.serverless_failure import failure
from ltxlib.comfy.serverless_state import job_state, place_of, results
from ltxlib.comfy.state import OutputFile, require_video
from ltxlib.core.trouble import worth_retrying
from ltxlib.errors import OutputMissing, PromptRejected, RenderFailed, RenderInterrupted, ServerAnswerError

CLIP = {"filename": "rain_00001_.mp4", "type": "base64", "data": "AAAA"}
GRAPH = {"3": {"class_type": "SamplerCustomAdvanced", "inputs": {}, "_meta": {"title": "Sample stage one"}}}


@pytest.mark.parametrize(
    ("said", "kind"), [("IN_QUEUE", "pending"), ("IN_PROGRESS", "running"), ("RUNNING", "running")]
)
def test_a_job_that_has_not_ended_is_waited_for(said, kind):
    """Queued and running jobs are told apart and have no end yet."""
    state = job_state({"id": "j", "status": said}, "j")
    assert (state.kind, state.finished, state.error) == (kind, False, None)


def test_a_finished_job_names_its_clip():
    """The clip is found among the files, whatever else was saved, with the time that it took."""
    body = {
        "status": "COMPLETED",
        "executionTime": 4567,
        "output": {"images": [{**CLIP, "filename": "a.png"}, CLIP, {"filename": "broken"}, "odd"]},
    }
    state = job_state(body, "j-u1")
    assert (state.kind, state.duration_s) == ("succeeded", 4.567)
    clip = require_video(state)
    assert (clip.filename, clip.animated, place_of(clip)) == ("rain_00001_.mp4", True, ("j-u1", 1))
    assert results(body["output"])[1].data == "AAAA"


@pytest.mark.parametrize("output", [None, {}, [], "text"])
def test_a_result_that_was_thrown_away_is_explained(output):
    """RunPod drops results that are too large and calls the job completed: the cure is a bucket."""
    state = job_state({"status": "COMPLETED", "output": output}, "j")
    assert not worth_retrying(state.error), "it would be paid for again and thrown away again"
    assert "20 MB" in state.error.message
    assert "S3" in state.error.cure


def test_a_job_without_files_is_no_success_either():
    """worker-comfyui's own "no images" ends as a missing clip."""
    state = job_state({"status": "COMPLETED", "output": {"status": "success_no_images", "images": []}}, "j")
    with pytest.raises(OutputMissing, match="no clip was saved"):
        require_video(state)


def test_an_old_worker_is_named():
    """worker-comfyui before 5.0 answered otherwise; the sentence says to take a newer image."""
    state = job_state({"status": "COMPLETED", "output": {"message": "AAAA"}}, "j")
    assert "before version 5" in str(state.error)


def test_the_ends_that_are_none():
    """Cancelled, timed out, and forgotten by the local server."""
    assert isinstance(job_state({"status": "CANCELLED"}, "j").error, RenderInterrupted)
    assert "gave the render up" in str(job_state({"status": "TIMED_OUT"}, "j").error)
    assert job_state({"status": "FAILED", "error": "Job ID not found"}, "j").kind == "unknown"
    for odd in ({"status": "MELTED"}, {"id": "j"}, [], None):
        with pytest.raises(ServerAnswerError):
            job_state(odd, "j")


def test_memory_that_ran_out_is_recognised_and_the_node_named():
    """The worker's sentence about a node becomes the same error as a ComfyUI's own report."""
    node = "Node Type: SamplerCustomAdvanced, Node ID: 3, Message: CUDA out of memory. Tried to"
    said = f"Workflow execution error: {node}"
    output = {"details": [said, "No outputs found in history for prompt x."]}
    state = job_state({"status": "FAILED", "error": "Job processing failed", "output": output}, "j", GRAPH)
    assert isinstance(state.error, RenderFailed)
    assert state.error.out_of_memory
    assert 'Node "Sample stage one" (3) failed while rendering' in state.error.message
    assert state.error.class_type == "SamplerCustomAdvanced"


def test_a_refusal_says_what_a_comfyui_would():
    """A missing model file in the worker is told with its folder, and what the volume needs."""
    errors = [
        {
            "type": "value_not_in_list",
            "message": "Value not in list",
            "details": "",
            "extra_info": {
                "input_name": "ckpt_name",
                "input_config": [["other.safetensors"], {}],
                "received_value": "ltx-2.safetensors",
            },
        }
    ]
    said = (
        f"Workflow validation failed:\n• Node 3 (errors): {errors!r}\n• Node 3 (dependent_outputs): ['9']\n"
        "• Node 3 (class_type): CheckpointLoaderSimple\n\nAvailable checkpoint models: other.safetensors"
    )
    error = failure(said, None)
    assert isinstance(error, PromptRejected)
    assert 'The model file "ltx-2.safetensors" is not on the server' in str(error)
    assert "models/checkpoints" in str(error)
    assert "network volume" in error.cure


@pytest.mark.parametrize("value", ["[{'type': ", "__import__('os')", "[" * 5000])
def test_a_refusal_that_cannot_be_read_is_passed_on(value):
    """What looks like Python is never run, and what cannot be read is told in the worker's words."""
    error = failure(f"Workflow validation failed:\n• Node 3 (errors): {value}", None)
    assert isinstance(error, PromptRejected)
    assert "refused the graph" in error.message


def test_a_worker_whose_comfyui_died_is_told_from_others():
    """A ComfyUI that is gone, an exception of the handler's and silence each get their sentence."""
    gone = failure("WebSocket communication error: Connection closed and failed to reconnect.", None)
    assert "died or never came up" in gone.message
    packed = json.dumps({"error_type": "<class 'ValueError'>", "error_message": "no such thing", "x": 1})
    assert failure(packed, None).message == "The RunPod worker failed: no such thing."
    assert failure(None, None).message == "The RunPod worker failed: it gave no reason."
    memory = failure("An unexpected error occurred: CUDA out of memory.", None)
    assert memory.out_of_memory
    assert failure({"message": ["a", {"error": "b"}]}, 5).message == "The RunPod worker failed: a b."


def test_a_file_of_another_server_is_no_result():
    """Only what an endpoint named can be fetched from it."""
    for subfolder in ("", "takes", "runpod/", "runpod/j/x"):
        with pytest.raises(OutputMissing):
            place_of(OutputFile("save", "a.mp4", subfolder))


def test_an_error_inside_a_completed_job_is_an_error():
    """A handler that gives its error in another shape than RunPod reads has its job called completed."""
    output = {"details": ["Error fetching history", {"message": "CUDA out of memory"}]}
    state = job_state({"status": "COMPLETED", "output": output}, "j")
    assert state.kind == "failed"
    assert state.error.out_of_memory
