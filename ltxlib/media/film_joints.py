"""Lines of a certificate for what may go wrong where clips meet, and for picture and sound against the clips.

What looks or sounds suspicious is held against the clips themselves before it is called a fault: a crack of
the fire may fall on a joint, and a title card stands still because it should.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.errors import ClipUnreadable
from ltxlib.media.expected import Expected, Joint
from ltxlib.media.film_decoding import Span, some
from ltxlib.media.film_moments import Reader, Sources, anchors, later, nearest, sound_around
from ltxlib.media.findings import AGAIN, Line, bad, doubt, good, moment
from ltxlib.media.sound import RATE_HZ

if TYPE_CHECKING:
    import numpy as np

# A click is a step within half a millisecond of a joint that stands out from all around it.
HALF_SAMPLES, GUARD_SAMPLES, NEAR_SAMPLES = 12_000, 240, 24
CLICK_RATIO, OWN_RATIO, SOFTEST_CLICK = 4.0, 2.0, 0.002
MOST_CLICK_JOINTS = 400
# How near a still picture must be to a joint to be the joint's.
STALL_NEAR_S = 1.0
MOST_STALLS = 24
MOVED_LEVELS, MOVED_SHARE, STUCK = 8, 1 / 2000, 0.1
# Of picture and sound against the clips.
WINDOW_SAMPLES, REACH_SAMPLES, TOGETHER_SAMPLES = 24_000, 14_400, 8
ALIKE = 0.5
# Tones and fades are like themselves at other moments too: only sound that is hardly alike where it should
# be, and clearly so elsewhere, has moved.
SAME = 0.5
AROUND_FRAMES, LEAST_FRAMES = 2, 8
CLEARLY, CODING_NOISE, OTHER_PICTURE = 1.5, 1.0, 900.0
ANCHOR_TRIES = 4


def click_line(
    film: Reader, expected: Expected, sources: Sources | None, between: Callable[[], None]
) -> Line:
    """Whether the sound clicks where clips meet."""
    joints = some(expected.joints, MOST_CLICK_JOINTS)
    places = [place for joint in joints for place in sorted(set(joint))]
    found = []
    for frame in places:
        between()
        centre = _sample(frame, expected.fps)
        ratio = _stands_out(*film.sound(centre, HALF_SAMPLES))
        if ratio >= CLICK_RATIO and not (sources and _own_crack(sources, frame)):
            found.append((frame, ratio))
    if not found:
        count = _of(len(joints), len(expected.joints))
        return good("clicks", f"None at {count} joints." if joints else "There is no joint.")
    where = ", ".join(moment(float(frame / expected.fps)) for frame, _ratio in found[:5])
    text = f"The sound clicks at {where}"
    if sources is None:
        return doubt("clicks", f"{text}.", "Listen to these moments; a crack of a fire may sound like it.")
    return bad("clicks", f"{text}, and the clips do not.")


def _of(some_of_them: int, all_of_them: int) -> str:
    """How many were looked at, and of how many if not at all."""
    return f"{some_of_them:,}" if some_of_them == all_of_them else f"{some_of_them:,} of {all_of_them:,}"


def _sample(frame: int, fps: Fraction) -> int:
    return int(frame * RATE_HZ / fps + Fraction(1, 2))


def _stands_out(samples: np.ndarray, there: np.ndarray) -> float:
    """How many times higher the step in the middle is than any around it."""
    import numpy as np

    steps = np.abs(np.diff(samples, 2, axis=0)).max(axis=1)
    # A step needs three samples that are there.
    steps = np.where(there[2:] & there[1:-1] & there[:-2], steps, 0.0)
    middle = len(samples) // 2 - 1
    near = float(steps[middle - NEAR_SAMPLES : middle + NEAR_SAMPLES + 1].max())
    around = np.concatenate([steps[: middle - GUARD_SAMPLES], steps[middle + GUARD_SAMPLES :]])
    return 0.0 if near < SOFTEST_CLICK else near / max(float(around.max()), SOFTEST_CLICK / 10)


def _own_crack(sources: Sources, frame: int) -> bool:
    """Whether a clip that sounds there cracks by itself at this very moment."""
    for number in sources.showing(frame - 1, frame + 1):
        place = sources.place(number, frame)
        centre = _sample(place.clip_s * sources.timeline.fps, sources.timeline.fps)
        try:
            around = sound_around(Path(place.cut.clip), centre, HALF_SAMPLES)
        except ClipUnreadable:
            continue
        if _stands_out(*around) >= OWN_RATIO:
            return True
    return False


def stall_line(
    film: Reader,
    stills: Sequence[Span],
    expected: Expected,
    sources: Sources | None,
    played: Sequence[Span],
) -> Line:
    """Whether the picture stands still where clips meet though the clips move there.

    stills: where it may stand still. played: the stretches that were looked at.
    """
    near = round(STALL_NEAR_S * expected.fps)
    lit = [(first, min(last, expected.lit_frames)) for first, last in stills if first < expected.lit_frames]
    close = [still for still in lit if _at_joint(still, expected.joints, near)]
    if not expected.joints:
        return good("stalls", "There is no joint.")
    if sources is None:
        text = "Its clips are not known, so a stall cannot be told from a clip that stands still."
        return doubt("stalls", text, "Watch the film where its clips meet.")
    found = [still for still in some(close, MOST_STALLS) if _stalls(film, sources, still)]
    if not found:
        looked = sum(any(low <= a and b <= high for low, high in played) for a, b in expected.joints)
        return good("stalls", f"None at {_of(looked, len(expected.joints))} joints.")
    first, last = found[0]
    text = f"The picture stands still for {last - first} frames from {moment(float(first / expected.fps))}"
    return bad("stalls", f"{text}, and the clips do not.")


def _at_joint(still: Span, joints: Sequence[Joint], near: int) -> bool:
    return any(still[0] < last + near and still[1] > first - near for first, last in joints)


def _stalls(film: Reader, sources: Sources, still: Span) -> bool:
    """Whether the clips change clearly within some frames and the film does not."""
    try:
        wanted = sources.lumas(*still)
        shown = film.lumas(sources.timeline.fps, *still)
    except ClipUnreadable:
        return False
    pairs = [(luma, shown[still[0] + n]) for n, luma in enumerate(wanted) if still[0] + n in shown]
    moves = max((_moved(luma, pairs[0][0], MOVED_LEVELS) for luma, _seen in pairs), default=0.0)
    moved = max((_moved(seen, pairs[0][1], MOVED_LEVELS / 2) for _luma, seen in pairs), default=0.0)
    return moves > MOVED_SHARE and moved < STUCK * moves


def _moved(luma: np.ndarray, first: np.ndarray, levels: float) -> float:
    """Which part of a picture's points is clearly brighter or darker than in another one."""
    import numpy as np

    if luma.shape != first.shape:
        return 1.0
    return np.count_nonzero(np.abs(luma.astype(np.int16) - first) > levels) / luma.size


def together_line(film: Reader, expected: Expected, sources: Sources | None) -> Line:
    """Whether picture and sound are those of the clips, at the start, in the middle and at the end."""
    if sources is None:
        return good("together", "Both begin at the same moment and end at the same moment.")
    heard, seen = [], []
    for anchor in anchors(sources, expected.lit_frames):
        number = _nearest_with_sound(sources, anchor, expected)
        first, last = _plain(sources, number, expected)
        frame = (first + last) // 2
        try:
            fault = _picture_fault(film, expected, sources, frame)
            lag = _lag(film, sources, number, (first, last))
        except ClipUnreadable as error:
            return doubt("together", f"A clip could not be looked at again: {error.message}", AGAIN)
        if fault is not None:
            return fault
        seen.append(frame)
        heard += [] if lag is None else [lag]
        if lag and abs(lag) > TOGETHER_SAMPLES:
            late = f"{abs(lag) * 1000 / RATE_HZ:.1f} ms too {'late' if lag > 0 else 'early'}"
            return bad("together", f"The sound comes {late} at {moment(float(frame / expected.fps))}.")
    where = ", ".join(moment(float(frame / expected.fps)) for frame in seen)
    text = f"Both begin and end at the same moment; at {where} the picture is its clip's, frame for frame"
    if not heard:
        return good("together", f"{text} (no sound to compare).")
    worst = max(map(abs, heard))
    return good("together", f"{text}, and the sound within {max(worst, 1)} sample{'s' * (worst > 1)}.")


def _nearest_with_sound(sources: Sources, anchor: int, expected: Expected) -> int:
    """The cut next to this one whose clip has sound, or this one."""
    numbers = range(len(sources.timeline.cuts))
    for number in sorted(numbers, key=lambda other: abs(other - anchor))[:ANCHOR_TRIES]:
        first, last = sources.alone(number)
        cut = sources.timeline.cuts[number]
        if last - first >= 2 and last <= expected.lit_frames and cut.scene not in ("title", "end"):
            try:
                if sources.info(cut).has_audio:
                    return number
            except ClipUnreadable:
                continue
    return anchor


def _plain(sources: Sources, number: int, expected: Expected) -> Span:
    """From which frame to which a cut shows and sounds alone, and without the film's own fades if it can."""
    first, last = sources.alone(number)
    clear = max(first, expected.fade_frames[0]), min(last, expected.frames - expected.fade_frames[1])
    return clear if clear[1] - clear[0] >= LEAST_FRAMES else (first, last)


def _picture_fault(film: Reader, expected: Expected, sources: Sources, frame: int) -> Line | None:
    fade_in, fade_out = expected.fade_frames
    if not fade_in <= frame < min(expected.frames - fade_out, expected.lit_frames):
        return None
    wanted = sources.lumas(frame, frame + 1)[0]
    low, high = max(frame - AROUND_FRAMES, 0), min(frame + AROUND_FRAMES + 1, expected.frames)
    found = film.lumas(expected.fps, low, high)
    if frame not in found or found[frame].shape != wanted.shape:
        return bad("together", f"Frame {frame:,} cannot be found by seeking.")
    off, least, here = nearest(frame, found, wanted)
    at = moment(float(frame / expected.fps))
    if off and here > CLEARLY * least + CODING_NOISE:
        late = "late" if off > 0 else "early"
        return bad("together", f"The picture at {at} comes {abs(off)} frames too {late}.")
    if here > OTHER_PICTURE:
        return doubt("together", f"The picture at {at} is not much like its clip's.", "Look at it yourself.")
    return None


def _lag(film: Reader, sources: Sources, number: int, span: Span) -> int | None:
    """By how many samples the film's sound is late against its clip; None: there is nothing to compare."""
    (first, last), frame = span, sum(span) // 2
    fps, place = sources.timeline.fps, sources.place(number, frame)
    half = min(WINDOW_SAMPLES, int((last - first) / fps * RATE_HZ / 2))
    heard, _there = film.sound(_sample(frame, fps), half)
    centre = _sample(place.clip_s * fps, fps)
    clip, there = sound_around(Path(place.cut.clip), centre, half + REACH_SAMPLES)
    own = there[REACH_SAMPLES:-REACH_SAMPLES]
    if not own.any() or not clip[REACH_SAMPLES:-REACH_SAMPLES].any():
        return None
    lag, likeness, unshifted = later(heard.mean(axis=1), clip.mean(axis=1))
    if likeness < ALIKE:
        return None
    return 0 if unshifted >= SAME * likeness and abs(lag) > TOGETHER_SAMPLES else lag
