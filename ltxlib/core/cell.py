"""The cells of a row that mean more than a number or a choice, read and checked one by one."""

from __future__ import annotations

import re
from fractions import Fraction

from ltxlib.core import span, specials
from ltxlib.core.columns import BY_NAME
from ltxlib.core.modes import MODES
from ltxlib.core.row import Row, range_text

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
# Windows cannot hold folders of these names, and films are taken home to Windows.
_DEVICE_NAMES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


def identity(reader: Row) -> str:
    """The scene's own name, which also names folders."""
    name = reader.cells["scene"]
    if not name:
        reader.problem("scene", "The scene has no name.", "Write a short one, such as rain-window.")
    elif not _ID.fullmatch(name) or name.lower() in _DEVICE_NAMES:
        reader.problem(
            "scene",
            f"“{name}” cannot name a folder.",
            "Use up to 64 letters, digits, dashes and underscores, such as rain-window.",
        )
    return name


def prompt(reader: Row) -> str:
    """What the row says is seen and heard; never empty."""
    text = reader.cells["prompt"]
    if not text:
        reader.problem(
            "prompt",
            "The prompt is empty.",
            "Write what is seen and heard, or name an entry such as @rain/window.",
        )
    return text


def image_file(reader: Row, mode: str, column: str) -> str:
    """A file below images/, as a path with slashes; wanted only when the mode uses that column."""
    image = reader.cells[column]
    used = mode in MODES and column in MODES[mode].images
    if used and not image:
        an = "an end_image" if column == "end_image" else "an image"
        reader.problem(
            column,
            f"Mode {mode} needs {an}.",
            "Name a file of the images folder, such as cabin-window.jpg.",
        )
    if image and not used and mode in MODES:
        reader.problem(
            column,
            f"Mode {mode} does not use the {column} {image}.",
            f"Write {'flf' if column == 'end_image' else 'i2v'} as mode, or empty this cell.",
            warning=True,
        )
    parts = image.replace("\\", "/").split("/")
    if image and (":" in image or "\x00" in image or any(part in ("", ".", "..") for part in parts)):
        reader.problem(
            column,
            f"“{image}” is not inside the images folder.",
            "Copy the picture into images/ and write only its file name.",
        )
    return "/".join(parts) if image else ""


def workflow(reader: Row) -> str:
    """A graph of the creator's own, as a path below workflows/; empty for the kit's."""
    name = reader.cells["workflow"].replace("\\", "/")
    parts = name.split("/")
    leaves = ":" in name or "\x00" in name or any(part in ("", ".", "..") for part in parts)
    if name and (leaves or not name.lower().endswith(".json")):
        reader.problem(
            "workflow",
            f"“{reader.cells['workflow']}” is not a graph in the workflows folder.",
            "Save the graph from ComfyUI into workflows/ and write its file name, such as mine.json.",
        )
    return name


def stages(reader: Row, mode: str) -> int | None:
    """In how many passes the clip is made; what the mode allows."""
    if mode in MODES and not reader.cells["stages"]:
        return MODES[mode].stages[0]
    count = reader.whole("stages")
    if mode in MODES and count is not None and count not in MODES[mode].stages:
        made_in, other = MODES[mode].stages[0], ", or write i2v as mode" if count == 1 else ""
        many = "two stages" if made_in == 2 else "one stage"
        reader.problem(
            "stages", f"Mode {mode} is made in {many}.", f"Write {made_in}, empty this cell{other}."
        )
    return count


def audio(reader: Row, mode: str) -> bool:
    """Whether there is to be sound; without it some modes make nothing."""
    wanted = reader.flag("audio")
    if mode in MODES and MODES[mode].sound and not wanted:
        reader.problem("audio", f"Mode {mode} makes sound, and here none is asked for.", "Write yes.")
    return wanted


def rate(reader: Row) -> Fraction | None:
    """The frame rate, exact; None when it is no good."""
    column, text = BY_NAME["fps"], reader.text("fps")
    try:
        given = span.exact_rate(text.replace(",", ".", 1))
    except ValueError:
        reader.problem(
            "fps", f"“{text}” is not a frame rate.", f"Write a number{range_text(column)}, such as 24."
        )
        return None
    if not (column.low or 0) <= given <= (column.high or 0):
        reader.problem("fps", f"{text} is outside what is possible.", f"Write a number{range_text(column)}.")
        return None
    return given


def length(reader: Row) -> tuple[int, Fraction]:
    """The clip's frames and rate; 0 frames when something is wrong (and said)."""
    fps = rate(reader)
    has_seconds, has_frames = bool(reader.cells["seconds"]), bool(reader.cells["frames"])
    if has_seconds and has_frames:
        reader.problem(
            "seconds", "Both seconds and frames are given.", "Keep one of them and empty the other."
        )
        return 0, fps or Fraction(24)
    name = "seconds" if has_seconds else "frames"
    longest_s = specials.longest_s(reader)
    # A column's own bound is for what the model makes in one piece.
    stretched = longest_s > span.LONGEST_S and fps is not None
    most_s, most = (longest_s, span.longest_frames(fps, longest_s)) if stretched else (None, None)
    value = reader.number("seconds", most_s) if has_seconds else reader.whole("frames", most)
    if fps is None or value is None:
        return 0, fps or Fraction(24)
    if has_seconds:
        written = Fraction(reader.cells["seconds"].replace(",", ".", 1))
        frames = span.frames_for(written, fps)
        said = f"{reader.cells['seconds']} s at {float(fps):g} fps is {float(written * fps):g} frames; "
        said += "LTX-2 cannot make that."
    else:
        frames = int(value)
        said = f"{frames} frames cannot be made at {float(fps):g} fps: "
        said += f"LTX-2 makes 8n+1, up to {longest_s} s."
    if not span.is_legal(frames, fps, longest_s):
        nearest = span.nearest_legal(frames, fps, longest_s)
        reader.problem(name, said, _nearest_lengths(nearest, fps, as_seconds=has_seconds))
    return frames, fps


def _nearest_lengths(nearest: tuple[int, int], fps: Fraction, *, as_seconds: bool) -> str:
    below, above = nearest
    lengths = [f"{n} frames ({span.seconds_text(n, fps)})" for n in dict.fromkeys((below, above))]
    if as_seconds:
        lengths = [f"{span.seconds_text(n, fps)} ({n} frames)" for n in dict.fromkeys((below, above))]
    if len(lengths) == 1:
        return f"The nearest that it makes is {lengths[0]}."
    return f"The nearest that it makes are {lengths[0]} and {lengths[1]}."
