from __future__ import annotations

import pytest

from ltxlib.comfy.failure import failed, interrupted, out_of_memory


@pytest.mark.parametrize(
    ("exception_type", "message"),
    [
        (
            "torch.OutOfMemoryError",
            "Allocation on device \nThis error means you ran out of memory on your GPU.",
        ),
        ("torch.cuda.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2.00 GiB"),
        ("OutOfMemoryError", ""),
        ("MemoryError", ""),
        ("RuntimeError", "CUDA error: out of memory"),
        ("torch.AcceleratorError", "HIP error: out of memory"),
        (
            "RuntimeError",
            "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
        ),
        ("RuntimeError", "MPS backend out of memory"),
        ("RuntimeError", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        ("OSError", "[Errno 12] Cannot allocate memory"),
    ],
)
def test_want_of_memory(exception_type: str, message: str) -> None:
    """Every way in which torch and the system say that memory is short is recognised, with its own cure."""
    assert out_of_memory(exception_type, message)
    error = failed({"exception_type": exception_type, "exception_message": message, "node_type": "VAEDecode"})
    assert error.out_of_memory and "memory" in error.cure and "smaller" in error.cure


@pytest.mark.parametrize(
    ("exception_type", "message"),
    [
        ("ValueError", "too many values to unpack"),
        ("RuntimeError", "mat1 and mat2 shapes cannot be multiplied"),
        ("", ""),
    ],
)
def test_other_failures(exception_type: str, message: str) -> None:
    """Other failures are not taken for want of memory."""
    assert not out_of_memory(exception_type, message)


def test_title_and_first_line() -> None:
    """A failure names the node by its title and gives the first line of the reason only."""
    graph = {"7": {"class_type": "KSampler", "_meta": {"title": "Stage one"}}}
    data = {
        "node_id": 7,
        "node_type": "KSampler",
        "exception_type": "ValueError",
        "exception_message": "bad sigma\x1b[0m\nTraceback: much more\n",
    }
    error = failed(data, graph)
    assert error.message == 'Node "Stage one" (7) failed while rendering: bad sigma [0m.'
    assert (error.node, error.class_type, error.out_of_memory) == ("7", "KSampler", False)


def test_long_reasons_are_cut() -> None:
    """A reason without end is cut."""
    assert len(failed({"exception_message": "x" * 5000}).message) < 300


def test_reasons_that_are_missing() -> None:
    """A failure without a message gives its type, and without either says that there is no reason."""
    assert "KeyError" in failed({"exception_type": "KeyError", "exception_message": "\n"}).message
    assert "no reason" in failed({}).message


def test_stops() -> None:
    """A stop names the node at work, or says that nothing had begun."""
    assert 'Node "Sampler" (3)' in interrupted({"node_id": "3", "node_type": "Sampler"}).message
    assert "before it began" in interrupted({"node_id": None}).message
