"""Pictures to publish a film with: thumbnail candidates and a contact sheet, from the finished film itself.

Candidates are sharp, well lit, colourful, and differ from each other. Only small copies are held while
looking, so memory stays flat however long the film is. A master is always BT.709, 16-235 and upright.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ltxlib.core.chapters import clock
from ltxlib.errors import BadInput, ClipUnreadable
from ltxlib.media import colour, lettering
from ltxlib.media.placing import placed
from ltxlib.media.probe import open_clip

# YouTube: 1280x720, JPEG, under 2 MB.
WIDTH_PX, HEIGHT_PX, LARGEST_BYTES = 1280, 720, 2_000_000
QUALITIES = (92, 85, 75, 60, 40)
LOOKED_AT, WANTED = 40, 6
SMALL_PX = (320, 180)
# Mean difference of two pictures (0-255) below which a person sees the same picture twice.
SAME = 3.0
BLACK_MEAN, BLACK_SPREAD = 10.0, 6.0
COLUMNS, CELL_PX, LABEL_PX, GAP_PX, MOST_CELLS = 5, (320, 180), 26, 8, 60
_TO_RGB = [
    ("scale", f"in_color_matrix=bt709:in_range=tv:out_range=pc:{colour.EXACT}"),
    ("format", "rgb24"),
]


@dataclass(frozen=True)
class Candidate:
    """A thumbnail: its file, its moment in seconds, and how good it is beside the others, 0 to 1."""

    path: Path
    time_s: float
    score: float


@dataclass
class _Look:
    """What one moment looks like: a small copy, and the measures that it is ranked by."""

    time_s: float
    small: Any
    sharpness: float
    light: float
    colour: float
    black: bool
    score: float = 0.0


def pictures_at(film: Path, times_s: Sequence[float]) -> Iterator[tuple[float, Any]]:
    """The film's pictures (Pillow, RGB, full size) at these rising times; its last where a time is beyond.

    Raises ClipUnreadable when the film cannot be decoded.
    """
    from PIL import Image

    chain, kind, shown = None, None, None
    with open_clip(film) as container:
        stream = container.streams.video[0] if container.streams.video else None
        if stream is None:
            raise ClipUnreadable(f"{film.name} has no picture.")
        stream.thread_type = "AUTO"
        half_s = 0.5 / float(stream.average_rate or 24)
        for time_s in times_s:
            container.seek(max(round(time_s * 1_000_000), 0))
            for frame in container.decode(stream):
                shown = frame
                if frame.time is None or frame.time >= time_s - half_s:
                    break
            if shown is None:
                raise ClipUnreadable(f"{film.name} holds no picture that can be decoded.")
            if kind != (shown.width, shown.height, shown.format.name):
                kind, chain = (
                    (shown.width, shown.height, shown.format.name),
                    colour.filter_chain(shown, _TO_RGB),
                )
            chain.push(shown)
            yield time_s, Image.fromarray(chain.pull().to_ndarray(format="rgb24"))


def write_thumbnails(
    film: Path,
    folder: Path,
    duration_s: float,
    *,
    words: str = "",
    mark: str = "",
    leave_out: Sequence[tuple[float, float]] = (),
    count: int = WANTED,
) -> list[Candidate]:
    """Writes up to `count` thumbnails as thumbnail-1.jpg (the best) and so on; fewer where all look alike.

    words: laid over each, up to 60 characters; empty for none. mark: a word before them, such as REHEARSAL.
    leave_out: stretches (seconds) to look away from, such as crossfades.
    Raises BadInput (words), ClipUnreadable, StoreError.
    """
    if words.strip():
        lettering.check_words(words)
    text = f"{mark} {words.strip()}".strip()
    # Not the very ends: films fade in and out there.
    every = [duration_s * (number + 0.5) / LOOKED_AT for number in range(LOOKED_AT)]
    times = [time_s for time_s in every if not any(start <= time_s <= end for start, end in leave_out)]
    looks = [_looked(time_s, image) for time_s, image in pictures_at(film, times or every)]
    chosen = _chosen(looks, count)
    rank = {look.time_s: number for number, look in enumerate(chosen, 1)}
    written = {}
    for time_s, image in pictures_at(film, sorted(rank)):
        picture = fill(image, (WIDTH_PX, HEIGHT_PX))
        if text:
            picture = lettering.with_words(picture, text)
        path = folder / f"thumbnail-{rank[time_s]}.jpg"
        _save(picture, path)
        written[time_s] = path
    return [Candidate(written[look.time_s], look.time_s, round(look.score, 3)) for look in chosen]


def write_contact_sheet(film: Path, out: Path, moments: Sequence[tuple[float, str]], title: str) -> Path:
    """Writes one JPEG of the whole film: a small picture for each (seconds, name), with both below it.

    Of more than 60 moments, 60 spread evenly are shown. Raises BadInput, ClipUnreadable, StoreError.
    """
    from PIL import Image, ImageDraw

    if not moments:
        raise BadInput("There is nothing to show on a contact sheet.", cure="Choose at least one moment.")
    step = max(len(moments) / MOST_CELLS, 1)
    shown = [moments[int(number * step)] for number in range(min(len(moments), MOST_CELLS))]
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    across, down = CELL_PX[0] + GAP_PX, CELL_PX[1] + LABEL_PX + GAP_PX
    head = LABEL_PX + 2 * GAP_PX
    sheet = Image.new("RGB", (GAP_PX + max(columns, 2) * across, head + rows * down), (18, 18, 20))
    pen, font = ImageDraw.Draw(sheet), lettering.plain_font(15)
    pen.text(
        (GAP_PX, GAP_PX), lettering.fitting(title, font, sheet.width - 2 * GAP_PX), (235, 235, 235), font
    )
    for number, (time_s, image) in enumerate(pictures_at(film, [time_s for time_s, _ in shown])):
        left, top = GAP_PX + number % columns * across, head + number // columns * down
        sheet.paste(fill(image, CELL_PX), (left, top))
        label = f"{clock(int(time_s))}  {shown[number][1]}"
        label = lettering.fitting(label, font, CELL_PX[0])
        pen.text((left, top + CELL_PX[1] + 3), label, (190, 190, 190), font)
    with placed(Path(out), "The contact sheet") as part:
        sheet.save(part, "JPEG", quality=88, optimize=True)
    return Path(out)


def fill(image: Any, size: tuple[int, int]) -> Any:
    """The picture so that it fills this size: cut at its longer side; upright, before a blurred self."""
    from PIL import Image, ImageFilter, ImageOps

    full = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    if image.width / image.height >= 1.2:
        return full
    behind = full.filter(ImageFilter.GaussianBlur(size[0] / 40)).point(lambda value: value * 0.6)
    upright = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    behind.paste(upright, ((size[0] - upright.width) // 2, (size[1] - upright.height) // 2))
    return behind


def _save(picture: Any, path: Path) -> None:
    with placed(path, "The thumbnail") as part:
        for quality in QUALITIES:
            picture.save(part, "JPEG", quality=quality, optimize=True)
            if part.stat().st_size < LARGEST_BYTES:
                break


def _looked(time_s: float, image: Any) -> _Look:
    """A moment measured on a small copy."""
    import numpy as np
    from PIL import Image

    # Small first by whole pixels' means, so that the noise of the coding does not count as sharpness.
    small = np.asarray(image.resize(SMALL_PX, Image.Resampling.BOX), np.float32)
    grey = small @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    edges = 4 * grey[1:-1, 1:-1] - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]
    mean, spread = float(grey.mean()), float(grey.std())
    clipped = float(((grey < 8) | (grey > 247)).mean())
    hues = small.max(-1) - small.min(-1)
    return _Look(
        time_s=time_s,
        small=np.asarray(image.resize((32, 18), Image.Resampling.BOX), np.float32),
        sharpness=float(edges.var()),
        # Best about the middle, with contrast, and little of it crushed or blown out.
        light=(1 - abs(mean - 120) / 135) + spread / 128 - clipped,
        colour=float(hues.mean()),
        black=mean < BLACK_MEAN and spread < BLACK_SPREAD,
    )


def _chosen(looks: list[_Look], count: int) -> list[_Look]:
    """The best first, then again and again the one that is both good and unlike those chosen."""
    import numpy as np

    lit = [look for look in looks if not look.black] or looks
    for weight, measure in ((0.4, "sharpness"), (0.35, "light"), (0.25, "colour")):
        # By rank: night scenes are dark, and are only compared with each other.
        for rank, look in enumerate(sorted(lit, key=lambda one: getattr(one, measure))):
            look.score += weight * (rank + 1) / len(lit)
    # The poorer third is no choice, however different it is: half a fade, or the dark before dawn.
    lit = sorted(lit, key=lambda look: look.score, reverse=True)[: -(-len(lit) * 2 // 3)]
    chosen = lit[:1]
    while len(chosen) < count:
        apart = {
            look.time_s: min(float(np.abs(look.small - other.small).mean()) for other in chosen)
            for look in lit
        }
        rest = [look for look in lit if apart[look.time_s] > SAME]
        if not rest:
            break
        furthest = max(apart.values())
        chosen.append(max(rest, key=lambda look: 0.5 * look.score + 0.5 * apart[look.time_s] / furthest))
    return chosen
