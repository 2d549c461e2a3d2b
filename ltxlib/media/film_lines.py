"""Lines of a certificate that need no decoding: the file's tables, its formats, its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ltxlib.media.expected import Expected
from ltxlib.media.film_tables import FilmTables, Track
from ltxlib.media.findings import Line, bad, good, moment
from ltxlib.media.probe import first_sound, open_clip
from ltxlib.media.sound import CHANNELS, RATE_HZ
from ltxlib.media.writer import GROUP_S

if TYPE_CHECKING:
    import numpy as np

BT709 = 1
TV_RANGE = 1
# Players cannot seek well in longer groups, and YouTube wants them short; one frame more for odd rates.
LONGEST_GROUP_S = 2 * GROUP_S
NEAR_SAMPLES = 4
# Of the movie's own clock, which need not have a whole number of ticks in a frame.
NEAR_S = Fraction(1, 2000)


def whole_line(tables: FilmTables) -> Line:
    """That the file ends where its tables say; `read_tables` has looked."""
    packets = sum(len(track.lasts) for track in tables.tracks)
    return good("whole", f"Its {tables.size_bytes:,} bytes end where its tables say ({packets:,} packets).")


def streams_line(tables: FilmTables) -> Line:
    """Whether a player can begin before it has the whole file."""
    order = [name for name, _first, _last in tables.boxes]
    if order.index("moov") < order.index("mdat"):
        return good("streams", "Its table of contents comes first.")
    return bad("streams", "Its table of contents comes at the end, so a player must load all of it first.")


def format_lines(path: Path, tables: FilmTables, expected: Expected) -> Iterator[Line]:
    """What picture and sound are, by their headers; and the words in the file."""
    with open_clip(path) as container:
        pictures, sounds = container.streams.video, container.streams.audio
        yield _picture(pictures, tables.track("picture"), expected)
        yield _sound(sounds, first_sound(container))
        yield _words(dict(container.metadata), expected.tags)


def _picture(streams: Any, track: Track | None, expected: Expected) -> Line:
    if len(streams) != 1 or track is None:
        return bad("picture", f"The film has {len(streams)} pictures, not one.")
    stream = streams[0]
    context, size = stream.codec_context, (stream.codec_context.width, stream.codec_context.height)
    wanted = expected.width_px, expected.height_px
    codes = (context.colorspace, context.color_primaries, context.color_trc)
    faults = []
    if (context.codec.canonical_name, str(context.profile)) != ("h264", "High"):
        faults.append(f"it is coded as {context.codec.canonical_name} {context.profile}, not as H.264 High")
    if context.pix_fmt != "yuv420p":
        faults.append(f"its pixels are {context.pix_fmt}, not yuv420p")
    if size != wanted:
        faults.append(f"it is {size[0]}x{size[1]}, not {wanted[0]}x{wanted[1]}")
    if any(int(code) != BT709 for code in codes) or int(context.color_range) != TV_RANGE:
        faults.append("it does not say that its colours are BT.709, so players may show others")
    if _open_groups(track):
        faults.append("its groups of pictures are not closed")
    longest_s = _longest_group(track) / expected.fps
    if longest_s > LONGEST_GROUP_S:
        faults.append(f"one must wait up to {float(longest_s):.1f} s for a place to begin")
    if faults:
        text = "; ".join(faults)
        return bad("picture", f"{text[0].upper()}{text[1:]}.")
    text = f"H.264 High, yuv420p, BT.709, {size[0]}x{size[1]}, {float(expected.fps):g} frames a second"
    return good("picture", f"{text}, closed groups of at most {float(longest_s):.1f} s.")


def _open_groups(track: Track) -> bool:
    """Whether some picture after a key frame is to be seen before it, and so needs what came earlier."""
    import numpy as np

    if not len(track.keys) or track.keys[0] != 0:
        return True
    # The earliest showing of all that is decoded from each key frame on.
    earliest = np.minimum.accumulate(track.shows[::-1])[::-1]
    return bool(np.any(earliest[track.keys] < track.shows[track.keys]))


def _longest_group(track: Track) -> int:
    import numpy as np

    return int(np.diff(np.append(track.keys, len(track.shows))).max(initial=0))


def _sound(streams: Any, sound: Any | None) -> Line:
    if len(streams) != 1 or sound is None:
        return bad("sound", f"The film has {len(streams) or 'no'} sound tracks, not one.")
    context = sound.codec_context
    coded = context.codec.canonical_name, str(sound.profile), int(context.sample_rate), context.channels
    if coded == ("aac", "LC", RATE_HZ, CHANNELS):
        return good("sound", "AAC-LC, 48 kHz, stereo.")
    name, profile, rate, channels = coded
    text = f"It is {name} {profile}, {rate:,} Hz, {channels} channel{'s' * (channels != 1)}"
    return bad("sound", f"{text}, not AAC-LC, 48,000 Hz, 2 channels.")


def _words(found: Mapping[str, str], wanted: Mapping[str, str]) -> Line:
    missing = [key for key, value in wanted.items() if found.get(key) != value]
    if not missing:
        said = ", ".join(f"{key} “{value}”" for key, value in wanted.items())
        return good("words", f"It says {said}." if said else "None were asked for.")
    told = ", ".join(f"{key} is “{found.get(key, '')}”, not “{wanted[key]}”" for key in missing)
    return bad("words", f"Its {told}.")


def count_lines(tables: FilmTables, expected: Expected) -> Iterator[Line]:
    """Frames, samples, and how the frames follow on each other."""
    picture, sound = tables.track("picture"), tables.track("sound")
    if picture is not None:
        frames, fps = len(picture.shows), float(expected.fps)
        if frames == expected.frames:
            yield good("frames", f"{frames:,}, exactly ({moment(frames / expected.fps)}).")
        else:
            gap = abs(frames - expected.frames)
            more = "too many" if frames > expected.frames else "too few"
            yield bad("frames", f"{frames:,}, not {expected.frames:,}: {gap:,} {more} at {fps:g} a second.")
        yield _even(picture, expected)
    if sound is not None and sound.clock_hz == RATE_HZ:
        if sound.length == expected.samples:
            yield good("samples", f"{sound.length:,} samples, exactly.")
        else:
            told = f"{sound.length:,} samples, not {expected.samples:,}"
            apart_ms = 1000 * abs(sound.length - expected.samples) / RATE_HZ
            yield bad("samples", f"{told}: {apart_ms:,.1f} ms {_more(sound.length > expected.samples)}.")


def _more(longer: bool) -> str:
    return "too long" if longer else "too short"


def _even(picture: Track, expected: Expected) -> Line:
    import numpy as np

    shows = np.sort(picture.shows)
    steps = np.diff(shows)
    wanted = picture.clock_hz / expected.fps
    if np.any(steps == 0):
        place = moment(float(np.argmax(steps == 0) / expected.fps))
        return bad("even", f"Two frames are to be seen at the same moment, at {place}.")
    # Where the clock has no whole number of ticks in a frame, each may be one off.
    allowed = 0 if wanted.denominator == 1 else 1
    wrong = np.abs(shows - shows[0] - _ideal(len(shows), wanted)) > allowed
    if np.any(wrong):
        at = max(int(np.argmax(wrong)) - 1, 0)
        lasts_ms = 1000 * int(steps[at]) / picture.clock_hz
        text = f"The frame at {moment(float(at / expected.fps))} stays for {lasts_ms:.1f} ms"
        return bad("even", f"{text}, not for {float(1000 / expected.fps):.1f} ms as all should.")
    return good("even", f"Each of them stays for {float(1000 / expected.fps):.4g} ms; no gap, none twice.")


def _ideal(count: int, step: Fraction) -> np.ndarray:
    import numpy as np

    return np.arange(count, dtype=np.int64) * step.numerator // step.denominator


def start_line(tables: FilmTables) -> Line | None:
    """What is wrong with how picture and sound stand to each other by the tables; None: nothing."""
    picture, sound = tables.track("picture"), tables.track("sound")
    if picture is None or sound is None:
        return None
    near_s = Fraction(NEAR_SAMPLES, RATE_HZ)
    apart_s = sound.start_s - picture.start_s
    if abs(apart_s) > max(near_s, NEAR_S):
        text = f"The sound begins {abs(float(apart_s)) * 1000:.0f} ms {_later(apart_s > 0)} than the picture"
        return bad("together", f"{text}.")
    if max(picture.start_s, sound.start_s) > max(near_s, NEAR_S):
        return bad("together", f"The film begins only after {float(picture.start_s) * 1000:.0f} ms.")
    return None


def _later(late: bool) -> str:
    return "later" if late else "earlier"
