"""Every error the kit raises on purpose.

LtxlibError
├── BadInput            something a person wrote cannot be used; carries all problems at once
├── WorkflowError       a ComfyUI graph is damaged or cannot be driven
├── ComfyError          the ComfyUI server
│   ├── ServerUnreachable   nobody answers at the address, or the answer stopped half way
│   ├── ServerAnswerError   it answered, but not as ComfyUI should
│   ├── PromptRejected      it refused the graph; carries what it found node by node
│   ├── RenderFailed        a node failed while rendering (out_of_memory says whether memory was the reason)
│   ├── RenderInterrupted   somebody stopped the render
│   └── OutputMissing       it reported success, but the clip is not there
├── MediaError          ffmpeg, pictures and sound
│   ├── FfmpegMissing       no usable ffmpeg on this machine
│   └── ClipUnreadable      a clip is damaged, empty or not a clip
├── StoreError          the disk
│   ├── UnsafeName          a name would leave its folder
│   └── ProjectBusy         another run of the kit holds this project
├── PodError            the rented machine, or RunPod, did not do what was asked
├── HubError            Hugging Face, or the way to it, did not give a model file
│   ├── NotReached          nobody answers there, or it asks everybody to wait
│   └── NotAllowed          it wants a login, a token or that terms are agreed to
├── NightStopped        a notebook that ran by itself failed
└── Cancelled           a person asked to stop

Each has `.cure`: one sentence that says what to do next.
"""

from __future__ import annotations

from collections.abc import Sequence

from ltxlib.core.problem import Problem


class LtxlibError(Exception):
    """The root of every error the kit raises; `.cure` says what to do next."""

    default_cure = "Read the message above; if it makes no sense, run the setup notebook again."

    def __init__(self, message: str, *, cure: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure or self.default_cure

    def __str__(self) -> str:
        return f"{self.message} {self.cure}"


class _WithProblems(LtxlibError):
    """An error that carries a list of problems, shown one a line."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), *, cure: str | None = None) -> None:
        super().__init__(message, cure=cure)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([f"{self.message} {self.cure}", *map(str, self.problems)])


class BadInput(_WithProblems):
    """Something a person wrote cannot be used."""

    default_cure = "Mend the lines named below and run this again."


class WorkflowError(_WithProblems):
    """A ComfyUI graph is damaged or cannot be driven."""

    default_cure = "Open the workflow in ComfyUI, mend the node named here and save it again."


class ComfyError(LtxlibError):
    """Something went wrong between the kit and the ComfyUI server."""

    default_cure = "Look at ComfyUI's own window or log, then run this again."


class ServerUnreachable(ComfyError):
    """Nobody answers at the server's address, or the answer stopped half way."""

    default_cure = "Start ComfyUI (or the rehearsal in notebook 01) and run this again."


class ServerAnswerError(ComfyError):
    """The server answered, but not as ComfyUI should."""


class PromptRejected(ComfyError, _WithProblems):
    """ComfyUI refused the graph; `.problems` says what it found, node by node."""

    default_cure = "Nothing was rendered. Mend what is named below and run this again."


class RenderFailed(ComfyError):
    """A node failed while rendering; what was asked for does not exist."""

    default_cure = "Run the batch again; a take that failed is tried once more."

    def __init__(
        self,
        message: str,
        *,
        cure: str | None = None,
        node: str = "",
        class_type: str = "",
        out_of_memory: bool = False,
    ) -> None:
        super().__init__(message, cure=cure)
        self.node = node
        self.class_type = class_type
        self.out_of_memory = out_of_memory


class RenderInterrupted(ComfyError):
    """Somebody stopped the render, here or in ComfyUI's own window."""

    default_cure = "Run the batch again to make the takes that are missing."


class OutputMissing(ComfyError):
    """The server reported success, but the clip is not there."""

    default_cure = "Run the batch again; the take is rendered anew."


class SourceMissing(LtxlibError):
    """A take cannot be made because the one it starts from was not."""

    default_cure = "Mend the scene it starts from and run the batch again."


class MediaError(LtxlibError):
    """A picture, a sound or ffmpeg failed."""

    default_cure = "Run this again. If it stays and a clip is named, reject that clip in notebook 03."


class FfmpegMissing(MediaError):
    """There is no usable ffmpeg on this machine."""

    default_cure = "Run ./kit again: it installs an ffmpeg of its own."


class ClipUnreadable(MediaError):
    """A clip is damaged, empty or not a clip."""

    default_cure = "Reject this take in the review notebook, or render it again."


class StoreError(LtxlibError):
    """The disk did not do what the kit asked."""

    default_cure = "Check that the folder exists, is writable and has room."


class UnsafeName(StoreError):
    """A name would leave the folder it belongs to."""

    default_cure = "Use a plain name: letters, digits, dots, dashes and underscores."


class ProjectBusy(StoreError):
    """Another run of the kit holds this project."""

    default_cure = "Wait until it ends, or cancel it, and run this again."


class PodError(LtxlibError):
    """The rented machine, or RunPod, did not do what was asked."""

    default_cure = "Look at the pod on RunPod's page; stop it there when it is no longer needed."


class HubError(LtxlibError):
    """Hugging Face, or the way to it, did not give a model file."""

    default_cure = "Go on in some minutes: what is here already is kept."


class NotReached(HubError):
    """Hugging Face does not answer, or asks everybody to wait: no other file would come either."""

    default_cure = "Look whether this machine has internet, then go on: what is here already is kept."


class NotAllowed(HubError):
    """Hugging Face wants a login, another token, or that somebody agrees to a model's terms."""

    default_cure = "Log in at Hugging Face, agree to the model's terms, and paste a token of type Read here."


class NightStopped(LtxlibError):
    """A notebook that ran by itself failed; what was made before it is kept."""

    default_cure = "Mend what it says, then run this again: it goes on from here."


class Cancelled(LtxlibError):
    """A person asked to stop; what was finished is kept."""

    default_cure = "Run it again to go on from here."
