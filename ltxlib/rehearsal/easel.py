"""Turns what travelled along the wires into files: clips, pictures and sound."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from ltxlib.rehearsal import clip
from ltxlib.rehearsal.calls import Bench, NodeFailed
from ltxlib.rehearsal.followed import Inverted, Outlines, drawn
from ltxlib.rehearsal.saving import write_whole
from ltxlib.rehearsal.spec import SMALLEST_SIDE_PX, ClipSpec
from ltxlib.rehearsal.values import (
    Cut,
    Decoded,
    Drawing,
    DrawnSound,
    ImageFile,
    Joined,
    Pass,
    Pictures,
    Several,
    Silence,
    Solid,
    Sound,
    SoundFile,
    Video,
    VideoFile,
)

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

PLAIN_FPS = Fraction(24)
_CAMERA = "camera-control"


def seed_of(passes: tuple[Pass, ...]) -> int:
    """One seed for what decides the composition: the pass that made it out of noise, and its style LoRAs.

    A pass without such LoRAs keeps its own seed.
    """
    first, _ = _composed(passes)
    styles = _styles(first)
    if not styles:
        return first.seed or 0
    found = repr((first.seed or 0, styles)).encode()
    return int.from_bytes(hashlib.blake2b(found, digest_size=8).digest(), "big")


def _refined(passes: tuple[Pass, ...]) -> str:
    """What later passes do to the finest detail; empty when there were none."""
    later = [(one.seed or 0, _styles(one)) for one in _composed(passes)[1]]
    return repr(later) if later else ""


def _composed(passes: tuple[Pass, ...]) -> tuple[Pass, tuple[Pass, ...]]:
    """The pass that decides the composition, and those after it that only refine.

    A second stage begins at less than full noise (LTX-2's at 0.909), so what was there shows through; one
    that begins at full noise makes it all anew.
    """
    whole = [place for place, one in enumerate(passes) if one.noise >= 1.0]
    place = whole[-1] if whole else 0
    return passes[place], passes[place + 1 :]


def _styles(one: Pass) -> list[tuple[str, float]]:
    return [(lora.name, lora.strength) for lora in one.model.loras if _CAMERA not in lora.name]


def _camera_of(passes: tuple[Pass, ...]) -> tuple[str, float]:
    for one in reversed(passes):
        for lora in reversed(one.model.loras):
            if _CAMERA in lora.name:
                return lora.name, lora.strength
    return "", 0.0


class Easel:
    """Draws for one run; `folder` holds what is only needed on the way."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self._folder = folder

    def draw(self, video: Video, out: Path, tags: dict[str, str]) -> None:
        """Write a video as an MP4; without a sound wired in, without a sound track."""
        sound = video.sound
        if sound is not None and "silent" in self._bench.struck:
            sound = Silence(sound.seconds, sound.rate_hz)
        picture_s = video.pictures.frames / video.fps
        if sound is not None and sound.seconds > picture_s:
            # ComfyUI lets no sound outlast its picture.
            sound = Cut(sound, Fraction(0), picture_s)
        spec = self._spec(video.pictures, video.fps, with_sound=self._own_sound(video, sound))
        lead = self._lead(video.pictures)
        if sound is None or spec.sound:
            self._render(spec, out, tags, lead)
            return
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            mute = Path(folder) / "mute.mp4"
            self._render(spec, mute, tags, lead)
            samples = self.samples(sound, sound.rate_hz)
            write_whole(out, lambda part: self._mux(mute, samples.tobytes(), sound.rate_hz, part))

    def _own_sound(self, video: Video, sound: Sound | None) -> bool:
        """Whether the sound is the one that was sampled with the picture, in the length that goes with it."""
        if not isinstance(sound, DrawnSound) or not isinstance(video.pictures.source, Drawing):
            return False
        if sound.passes != video.pictures.source.passes or video.pictures.first:
            return False
        natural = self._spec(video.pictures, video.fps, with_sound=True).sound_s
        return abs(natural - sound.seconds) < Fraction(1, 1000)

    def _render(self, spec: ClipSpec, out: Path, tags: dict[str, str], lead: tuple[bytes, ...] = ()) -> None:
        ffmpeg = self._bench.find_ffmpeg()

        def on_frame(done: int) -> None:
            self._bench.check()

        clip.render_clip(spec, out, ffmpeg_path=ffmpeg, tags=tags, on_frame=on_frame, lead=lead)

    def _lead(self, pictures: Pictures) -> tuple[bytes, ...]:
        """The frames that a drawing begins with because it goes on from them."""
        source = pictures.source
        if not isinstance(source, Drawing) or source.lead is None or pictures.first:
            return ()
        lead = source.lead.sized(pictures.width_px, pictures.height_px)
        return tuple(as_yuv(picture) for picture in self.images(lead))

    def _spec(self, pictures: Pictures, fps: Fraction, *, with_sound: bool = False) -> ClipSpec:
        source = pictures.source
        while isinstance(source, Several):
            source = source.parts[0].source
        size = {"width_px": pictures.width_px, "height_px": pictures.height_px}
        time = {"frames": pictures.frames, "fps": fps, "sound": with_sound}
        if not isinstance(source, Drawing):
            start = self.first_frame_file(pictures)
            return ClipSpec(prompt="", seed=0, image=start, steps=1, **size, **time)
        begun = self.first_frame_file(pictures) if pictures.first else None
        if begun is None and source.lead is not None:
            begun = self.first_frame_file(source.lead.only(source.lead.frames - 1))
        if begun is None and source.start is not None and source.strength > 0:
            begun = self.first_frame_file(source.start)
        end = self.first_frame_file(source.end) if begun is not None and source.end is not None else None
        camera, camera_strength = _camera_of(source.passes)
        return ClipSpec(
            prompt=source.passes[-1].prompt,
            seed=seed_of(source.passes),
            refined=_refined(source.passes),
            image=begun,
            image_strength=min(1.0, source.strength),
            end_image=end,
            steps=max(1, sum(one.steps for one in source.passes)),
            camera=camera,
            camera_strength=camera_strength,
            **size,
            **time,
        )

    def first_frame_file(self, pictures: Pictures) -> Path:
        """The first of some pictures as a file."""
        if isinstance(pictures.source, ImageFile):
            return pictures.source.path
        target = Path(tempfile.mkdtemp(dir=self._folder)) / "first.png"
        next(self.images(pictures)).save(target)
        return target

    def images(self, pictures: Pictures) -> Iterator[Image]:
        """Some pictures one by one, in their size."""
        size = pictures.width_px, pictures.height_px
        for number, picture in enumerate(self._source_images(pictures)):
            if number >= pictures.frames:
                return
            self._bench.check()
            yield picture if picture.size == size else picture.resize(size)

    def _source_images(self, pictures: Pictures) -> Iterator[Image]:
        from PIL import Image, ImageOps

        source = pictures.source
        if isinstance(source, Solid):
            for _ in range(pictures.frames):
                yield Image.new("RGB", (1, 1), f"#{source.colour & 0xFFFFFF:06x}")
        elif isinstance(source, ImageFile):
            with Image.open(source.path) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGB")
            for _ in range(pictures.frames):
                yield picture
        elif isinstance(source, VideoFile):
            yield from _decoded(source.path, pictures.first)
        elif isinstance(source, Outlines):
            for picture in self.images(source.of):
                yield drawn(picture, source.what)
        elif isinstance(source, Inverted):
            yield from (ImageOps.invert(picture) for picture in self.images(source.of))
        elif isinstance(source, Several):
            together = (picture for part in source.parts for picture in self.images(part))
            yield from (picture for number, picture in enumerate(together) if number >= pictures.first)
        else:
            yield from self._drawn_images(pictures)

    def _drawn_images(self, pictures: Pictures) -> Iterator[Image]:
        """Frames of a drawing, by way of a clip that holds all of them up to the last that is wanted."""
        from dataclasses import replace

        even = [max(SMALLEST_SIDE_PX, side + side % 2) for side in (pictures.width_px, pictures.height_px)]
        whole = replace(pictures.sized(*even), frames=pictures.first + pictures.frames, first=0)
        rate = pictures.source.passes[-1].frame_rate if isinstance(pictures.source, Drawing) else None
        fps = Fraction(str(rate)) if rate else PLAIN_FPS
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            whole_clip = Path(folder) / "drawn.mp4"
            self._render(self._spec(whole, fps), whole_clip, {})
            yield from _decoded(whole_clip, pictures.first)

    def samples(self, sound: Sound, rate_hz: int) -> np.ndarray:
        """A sound as 32-bit floats, shape (samples, 2), within -1 and 1; resampled if need be."""
        import numpy as np

        length = round(sound.seconds * rate_hz)
        if isinstance(sound, Silence):
            return np.zeros((length, 2), np.float32)
        if isinstance(sound, Joined):
            return np.concatenate([self.samples(part, rate_hz) for part in sound.parts])
        if isinstance(sound, Cut):
            begin = round(sound.start_s * rate_hz)
            return self.samples(sound.sound, rate_hz)[begin : begin + length]
        if isinstance(sound, Decoded):
            return self.samples(sound.sound, rate_hz)
        if isinstance(sound, SoundFile):
            return _decoded_sound(sound.path, rate_hz)
        return _resampled(self._drawn_samples(sound), sound.rate_hz, rate_hz)

    def _drawn_samples(self, sound: DrawnSound) -> np.ndarray:
        import numpy as np

        from ltxlib.rehearsal import sound as drawing

        last = sound.passes[-1]
        spec = ClipSpec(
            prompt=last.prompt,
            seed=seed_of(sound.passes),
            width_px=SMALLEST_SIDE_PX,
            height_px=SMALLEST_SIDE_PX,
            frames=max(1, round(sound.seconds * PLAIN_FPS)),
            fps=PLAIN_FPS,
        )
        return np.asarray(drawing.synth(spec, float(sound.seconds), sound.rate_hz), np.float32)

    def _mux(self, mute: Path, samples: bytes, rate_hz: int, part: Path) -> None:
        words = ["-hide_banner", "-loglevel", "error", "-y", "-i", str(mute)]
        words += ["-f", "f32le", "-ar", str(rate_hz), "-ac", "2", "-i", "pipe:0"]
        words += ["-map", "0:v", "-map", "1:a", "-map_metadata", "0", "-c:v", "copy"]
        words += ["-c:a", "aac", "-b:a", "128k", "-bitexact"]
        words += ["-movflags", "+faststart+use_metadata_tags", "-f", "mp4", str(part)]
        done = subprocess.run(
            [str(self._bench.find_ffmpeg()), *words], input=samples, capture_output=True, check=False
        )
        if done.returncode != 0:
            raise NodeFailed("RuntimeError", done.stderr.decode(errors="replace").strip())

    def write_sound(self, sound: Sound, out: Path) -> None:
        """Write a sound as FLAC, as SaveAudio does."""
        rate = sound.rate_hz
        samples = self.samples(sound, rate).tobytes()
        words = ["-hide_banner", "-loglevel", "error", "-y", "-f", "f32le", "-ar", str(rate), "-ac", "2"]
        words += ["-i", "pipe:0", "-metadata", f"comment={clip.MARK}", "-f", "flac"]

        def encode(part: Path) -> None:
            program = str(self._bench.find_ffmpeg())
            done = subprocess.run(
                [program, *words, str(part)], input=samples, capture_output=True, check=False
            )
            if done.returncode != 0:
                raise NodeFailed("RuntimeError", done.stderr.decode(errors="replace").strip())

        write_whole(out, encode)


def as_yuv(picture: Image) -> bytes:
    """A picture as the bytes of a frame: yuv420p, BT.709, TV range."""
    import av

    frame = av.VideoFrame.from_image(picture)
    frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    return frame.to_ndarray().tobytes()


def _decoded(path: Path, first: int) -> Iterator[Image]:
    import av

    try:
        with av.open(str(path)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number >= first:
                    yield frame.to_image(src_colorspace="ITU709")
    except av.FFmpegError as error:
        raise NodeFailed(f"av.error.{type(error).__name__}", str(error)) from error


def _decoded_sound(path: Path, rate_hz: int) -> np.ndarray:
    import av
    import numpy as np

    resampler = av.AudioResampler(format="flt", layout="stereo", rate=rate_hz)
    parts = [np.zeros((0, 2), np.float32)]
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(audio=0):
                parts += [piece.to_ndarray().reshape(-1, 2) for piece in resampler.resample(frame)]
    except av.FFmpegError as error:
        raise NodeFailed(f"av.error.{type(error).__name__}", str(error)) from error
    parts += [piece.to_ndarray().reshape(-1, 2) for piece in resampler.resample(None)]
    return np.concatenate(parts)


def _resampled(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    import av
    import numpy as np

    if from_hz == to_hz:
        return samples
    whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples).reshape(1, -1), "flt", "stereo")
    whole.sample_rate = from_hz
    resampler = av.AudioResampler(format="flt", layout="stereo", rate=to_hz)
    pieces = [*resampler.resample(whole), *resampler.resample(None)]
    return np.concatenate([piece.to_ndarray().reshape(-1, 2) for piece in pieces])
