"""Arithmetic that the scenery is made of: soft noise, soft dots, smooth steps and resizing."""

from __future__ import annotations

import numpy as np
from PIL import Image

Plane = np.ndarray
"""One float32 picture plane, shape (height, width)."""


def smoothstep(low: float, high: float, x: Plane | float) -> Plane | float:
    """0 below `low`, 1 above `high`, an S-curve between; with `low` above `high` it falls."""
    y = np.clip((x - low) / (high - low), 0.0, 1.0)
    return y * y * (3.0 - 2.0 * y)


def resize(plane: Plane, width: int, height: int, *, linear: bool = False) -> Plane:
    """The plane at another size, smooth."""
    how = Image.Resampling.BILINEAR if linear else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize((width, height), how))


def blur(plane: Plane, radius_px: float) -> Plane:
    """The plane softened, by going down to a smaller size and back up."""
    if radius_px < 0.5:
        return plane
    height, width = plane.shape
    if height == 1:
        reach = max(1, round(radius_px))
        padded = np.pad(plane[0], reach, mode="edge")
        return np.convolve(padded, np.ones(2 * reach + 1) / (2 * reach + 1), "valid")[None, :].astype(
            np.float32
        )
    small = (max(2, round(width / radius_px)), max(2, round(height / radius_px)))
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    down = image.resize(small, Image.Resampling.HAMMING)
    return np.asarray(down.resize((width, height), Image.Resampling.BICUBIC))


def tile(
    rng: np.random.Generator, width: int, height: int, *, grain_x: float, grain_y: float, rough: float = 1.0
) -> Plane:
    """Soft noise from 0 to 1, mean 0.5, whose edges join, so that it can be scrolled for ever.

    grain_x, grain_y: size in pixels of the largest lumps across and down. rough: 0.6 for sandy, 2 for smooth.
    """
    fx = np.fft.rfftfreq(width)[None, :] * grain_x
    fy = np.fft.fftfreq(height)[:, None] * grain_y
    distance = np.hypot(fx, fy)
    strength = (1.0 + distance**2) ** -(rough + 0.5)
    strength[0, 0] = 0.0
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) * strength
    field = np.fft.irfft2(spectrum, s=(height, width))
    spread = float(field.std()) or 1.0
    return np.clip(0.5 + field / spread * 0.19, 0.0, 1.0).astype(np.float32)


def scrolled(texture: Plane, x_px: float, y_px: float, width: int, height: int) -> Plane:
    """A window of a joined texture whose corner lies at (x, y), fractions of a pixel included."""
    rows, columns = texture.shape
    x0, y0 = int(np.floor(x_px)), int(np.floor(y_px))
    fx, fy = np.float32(x_px - x0), np.float32(y_px - y0)
    ys = np.arange(y0, y0 + height + 1) % rows
    xs = np.arange(x0, x0 + width + 1) % columns
    part = texture[ys][:, xs]
    part = part[:, :-1] * (1 - fx) + part[:, 1:] * fx
    return part[:-1] * (1 - fy) + part[1:] * fy


def sampled(texture: Plane, x_px: Plane, y_px: Plane) -> Plane:
    """A joined texture read at any places, linear between its points."""
    rows, columns = texture.shape
    x0, y0 = np.floor(x_px), np.floor(y_px)
    fx, fy = (x_px - x0).astype(np.float32), (y_px - y0).astype(np.float32)
    xi, yi = x0.astype(np.int64) % columns, y0.astype(np.int64) % rows
    flat = texture.ravel()
    right, below = (xi + 1) % columns, (yi + 1) % rows * columns
    yi *= columns
    top = flat.take(yi + xi) * (1 - fx) + flat.take(yi + right) * fx
    bottom = flat.take(below + xi) * (1 - fx) + flat.take(below + right) * fx
    return top * (1 - fy) + bottom * fy


def dots(plane: Plane, x: Plane, y: Plane, sigma: Plane, amount: Plane, *, stretch: float = 1.0) -> Plane:
    """Adds soft round dots to the plane, in place, and gives it back.

    x, y: centres in pixels, sigma: softness in pixels, amount: brightness in the middle; all of shape (n,).
    stretch: above 1 draws dots that much taller than wide.
    """
    if len(x) == 0:
        return plane
    height, width = plane.shape
    half_x = int(np.ceil(float(np.max(sigma)) * 2.6))
    half_y = int(np.ceil(float(np.max(sigma)) * 2.6 * stretch))
    cx, cy = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    dx = np.arange(-half_x, half_x + 1)
    dy = np.arange(-half_y, half_y + 1)
    xs, ys = cx[:, None] + dx, cy[:, None] + dy
    narrow = 1.0 / (2.0 * sigma[:, None] ** 2)
    across = np.exp(-((xs - x[:, None]) ** 2) * narrow) * ((xs >= 0) & (xs < width))
    down = np.exp(-((ys - y[:, None]) ** 2) * narrow / stretch**2) * ((ys >= 0) & (ys < height))
    weights = (down * amount[:, None])[:, :, None] * across[:, None, :]
    places = np.clip(ys, 0, height - 1)[:, :, None] * width + np.clip(xs, 0, width - 1)[:, None, :]
    np.add.at(plane.reshape(-1), places.ravel(), weights.astype(np.float32).ravel())
    return plane


def disc(width: int, height: int, x: float, y: float, radius: float, soft: float) -> Plane:
    """A filled circle from 0 to 1 whose edge is `soft` pixels wide."""
    xs = np.arange(width, dtype=np.float32)[None, :] - np.float32(x)
    ys = np.arange(height, dtype=np.float32)[:, None] - np.float32(y)
    return smoothstep(radius + soft / 2, radius - soft / 2, np.hypot(xs, ys))


def glow(width: int, height: int, x: float, y: float, radius: float, *, flat: float = 1.0) -> Plane:
    """Light that falls off from a point: 1 in the middle, about a fifth at `radius`; flat < 1 squeezes it."""
    xs = (np.arange(width, dtype=np.float32)[None, :] - np.float32(x)) / np.float32(radius)
    ys = (np.arange(height, dtype=np.float32)[:, None] - np.float32(y)) / np.float32(radius * flat)
    return 1.0 / (1.0 + 2.0 * (xs * xs + ys * ys)) ** 1.5
