"""Output nodes: they write the files that clients then fetch."""

from __future__ import annotations

import json
from typing import Any

from ltxlib.rehearsal.calls import Call, Made, NodeFailed, Performer
from ltxlib.rehearsal.clip import MARK
from ltxlib.rehearsal.easel import Easel
from ltxlib.rehearsal.saving import SavePlace, place_for, write_whole
from ltxlib.rehearsal.values import Pictures, Video

_FORMATS = {"auto": "mp4", "mp4": "mp4"}
TRUNCATED_TO = 0.6
"""What is left of a file that an ordered fault cuts short."""


def _tags(call: Call) -> dict[str, str]:
    """What a saved file carries: the graph as posted, and whatever the client wants kept with it."""
    tags = {"prompt": json.dumps(call.bench.graph)}
    for name, value in (call.bench.extra_data.get("extra_pnginfo") or {}).items():
        tags[name] = json.dumps(value)
    return tags


def _easel(call: Call) -> Easel:
    return Easel(call.bench, call.bench.folders.temp)


def _place(call: Call, size_px: tuple[int, int] = (0, 0)) -> SavePlace:
    prefix = str(call["filename_prefix"])
    return place_for(prefix, call.bench.folders.output, "output", size_px)


def _preview_place(call: Call) -> SavePlace:
    # As in ComfyUI, previews of one server share a random word, so that a browser shows no old ones.
    word = call.bench.folders.temp.name[-5:]
    return place_for(f"ComfyUI_temp_{word}", call.bench.folders.temp, "temp")


def _save_video(call: Call) -> Made:
    video = call.a(Video, "video")
    chosen = call["format"]
    if chosen not in _FORMATS:
        # ComfyUI does not open a list at a choice it does not know, so the node never gets it.
        known = ("mkv", "webm")
        if chosen in known:
            raise NodeFailed("RuntimeError", f"the rehearsal cannot perform SaveVideo with format {chosen}")
        raise NodeFailed("TypeError", "SaveVideo.execute() missing 1 required positional argument: 'format'")
    place = _place(call, (video.pictures.width_px, video.pictures.height_px))
    name = place.name(_FORMATS[chosen])
    out = place.folder / name
    _easel(call).draw(video, out, _tags(call))
    if "truncated" in call.bench.struck:
        with out.open("rb+") as file:
            file.truncate(int(out.stat().st_size * TRUNCATED_TO))
    if "no_file" in call.bench.struck:
        out.unlink()
    return Made((video,), {"images": [place.listed(name)], "animated": [True]})


def _save_images(call: Call) -> Made:
    pictures = call.a(Pictures, "images")
    return _write_images(call, _place(call, (pictures.width_px, pictures.height_px)))


def _preview_images(call: Call) -> Made:
    return _write_images(call, _preview_place(call))


def _write_images(call: Call, place: SavePlace) -> Made:
    from PIL.PngImagePlugin import PngInfo

    pictures = call.a(Pictures, "images")
    about = PngInfo()
    for name, value in {**_tags(call), "Comment": MARK}.items():
        about.add_text(name, value)
    listed: list[dict[str, Any]] = []
    for number, picture in enumerate(_easel(call).images(pictures)):
        name = place.name("png", number).replace("%batch_num%", str(number))
        target = place.folder / name

        def save(part: Any, picture: Any = picture) -> None:
            picture.save(part, "png", pnginfo=about)

        write_whole(target, save)
        listed.append(place.listed(name))
    return Made((pictures,), {"images": listed})


def _save_audio(call: Call) -> Made:
    return _write_audio(call, _place(call))


def _preview_audio(call: Call) -> Made:
    return _write_audio(call, _preview_place(call))


def _write_audio(call: Call, place: SavePlace) -> Made:
    sound = call["audio"]
    if sound is None:
        raise NodeFailed("TypeError", "'NoneType' object is not subscriptable")
    name = place.name("flac")
    _easel(call).write_sound(sound, place.folder / name)
    return Made((sound,), {"audio": [place.listed(name)]})


PERFORMERS: dict[str, Performer] = {
    "SaveVideo": _save_video,
    "SaveImage": _save_images,
    "PreviewImage": _preview_images,
    "SaveAudio": _save_audio,
    "PreviewAudio": _preview_audio,
}
