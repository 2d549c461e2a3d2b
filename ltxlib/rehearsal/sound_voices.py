"""The voices of weather, water, fire and living things, each stereo and about equally loud."""

from __future__ import annotations

import numpy as np

from ltxlib.rehearsal.rhythm import wander
from ltxlib.rehearsal.sound_tools import Scene, Stereo, add_at, band, burst, noise, ping, spray, tilt

THUNDER_DELAY_S = 1.1


def rain(scene: Scene) -> Stereo:
    """Rain: a fine hiss that breathes a little, and drops; on glass they tap, on a roof or tent they drum."""
    t = scene.times
    hiss = noise(scene, "rain", tilt(band(700, 9000), -1.5), wide=0.85)
    far = noise(scene, "rain far", tilt(band(180, 1400), -3), wide=0.8)
    breath = 1 + 0.12 * wander(scene.rng("rain breath"), 6)(t)
    sheltered = scene.story.has("tent", "cabin", "porch") and not scene.story.has("train")
    near, under = (0.25, 0.9) if sheltered else (0.8, 0.5)
    sound = (near * hiss + under * far) * breath[:, None]
    if sheltered and not scene.story.has("window"):
        drops = 1.6 * spray(scene, "roof", 46, ping(scene, 520, 0.014))
        drops += 1.6 * spray(scene, "canvas", 22, ping(scene, 340, 0.022))
    elif scene.story.has("window", "train"):
        drops = spray(scene, "glass", 34, ping(scene, 2300, 0.006)) + spray(
            scene, "pane", 16, ping(scene, 1450, 0.011)
        )
    else:
        drops = spray(scene, "leaf", 40, ping(scene, 3100, 0.004)) + spray(
            scene, "earth", 14, ping(scene, 900, 0.01)
        )
    return 0.075 * sound + 0.20 * drops + 0.22 * ticks(scene)


def ticks(scene: Scene) -> Stereo:
    """The drops that are also seen, each where it falls."""
    sound = scene.silence()
    rng = scene.rng("ticks")
    for start, strength, place in scene.rhythm.ticks:
        hz = rng.uniform(900, 2600)
        add_at(
            sound,
            scene,
            start,
            ping(scene, hz, rng.uniform(0.006, 0.016), bend=0.4) * (0.12 + 0.5 * strength),
            place,
        )
    return sound


def fire(scene: Scene) -> Stereo:
    """Fire: a soft roar that flickers with the flames, fine crackling, a crack for each burst of sparks."""
    t = scene.times
    roar = noise(scene, "roar", tilt(band(60, 320), -2), wide=0.5)
    body = noise(scene, "fire body", tilt(band(250, 1500), -4.5), wide=0.7)
    alive = 1 + 2.2 * (scene.rhythm.flicker(t) - 1)
    sound = 0.055 * roar * alive[:, None] + 0.036 * body * alive[:, None]
    rng = scene.rng("crackle")
    sound += 0.10 * spray(scene, "crackle", 22, burst(scene, rng, 1500, 6500, 0.0022), uneven=3.5)
    sound += 0.06 * spray(scene, "sizzle", 60, burst(scene, rng, 3000, 9000, 0.0012), uneven=4)
    for start, strength, place in scene.rhythm.pops:
        event = burst(scene, rng, rng.uniform(350, 1100), rng.uniform(3000, 7000), rng.uniform(0.004, 0.013))
        add_at(sound, scene, start, event * (0.04 + 0.34 * strength), 0.6 * place)
    return sound


def sea(scene: Scene) -> Stereo:
    """Waves that come in as they are seen to: a low roll, the wash, the hiss of water running back."""
    t = scene.times
    period = scene.rhythm.period_s
    swell, wash = scene.rhythm.swell(t), scene.rhythm.swell(t - 0.10 * period)
    back = scene.rhythm.swell(t - 0.30 * period)
    low = noise(scene, "roll", tilt(band(70, 480), -2), wide=0.6)
    middle = noise(scene, "wash", tilt(band(300, 2600), -3), wide=0.8)
    high = noise(scene, "fizz", band(2200, 8500), wide=0.95)
    bed = noise(scene, "sea bed", tilt(band(90, 1600), -4.5), wide=0.9)
    side = 0.35 * wander(scene.rng("sea side"), 14)(t)
    balance = np.column_stack([1 - 0.5 * side, 1 + 0.5 * side])
    sound = 0.085 * low * (0.35 + 0.8 * swell**1.5)[:, None] + 0.06 * middle * (0.18 + wash**2)[:, None]
    sound += 0.022 * high * (0.12 + back**2)[:, None] + 0.03 * bed
    return sound * balance


def underwater(scene: Scene) -> Stereo:
    """Muffled depth with slow bubbles."""
    t = scene.times
    hum = noise(scene, "depth", tilt(band(40, 240, steep=3), -4.5), wide=0.6)
    slow = 1 + 0.25 * wander(scene.rng("depth breath"), 9)(t)
    return 0.12 * hum * slow[:, None] + 0.3 * bubbles(scene, 3.5, 260, 700, long=1.8)


def bubbles(scene: Scene, per_second: float, low_hz: float, high_hz: float, *, long: float = 1.0) -> Stereo:
    """Bubbles of all sizes, each a short tone that rises as it goes."""
    rng = scene.rng(f"bubbles {low_hz}")
    sound = scene.silence()
    length = scene.samples / scene.rate_hz
    for start in rng.uniform(-0.3, length, int(rng.poisson(per_second * (length + 0.3)))):
        hz = np.exp(rng.uniform(np.log(low_hz), np.log(high_hz)))
        event = ping(
            scene, hz, long * rng.uniform(0.012, 0.035) * (600 / hz) ** 0.4, bend=rng.uniform(0.1, 0.9)
        )
        add_at(sound, scene, start, event * rng.uniform(0.05, 1) ** 1.6 * 0.4, rng.uniform(-0.8, 0.8))
    return sound


def stream(scene: Scene) -> Stereo:
    """A brook: burbling over a soft bed of running water."""
    t = scene.times
    run = noise(scene, "run", tilt(band(500, 5200), -3), wide=0.85)
    deep = noise(scene, "run deep", tilt(band(150, 700), -3), wide=0.7)
    play = 1 + 0.14 * wander(scene.rng("run play"), 2.4, 5)(t)
    bed = 0.045 * run * play[:, None] + 0.03 * deep
    return bed + 0.30 * bubbles(scene, 38, 380, 1900) + 0.2 * bubbles(scene, 9, 190, 420, long=1.4)


def lake(scene: Scene) -> Stereo:
    """Still water that laps now and then."""
    t = scene.times
    air = noise(scene, "lake air", tilt(band(120, 1400), -4.5), wide=0.9)
    lap = noise(scene, "lap", tilt(band(250, 1500), -3), wide=0.8)
    pulse = np.clip(np.sin(2 * np.pi * t / 2.3 + 2 * wander(scene.rng("lap"), 9)(t)), 0, 1) ** 3
    return 0.03 * air + 0.05 * lap * (0.1 + pulse)[:, None] + 0.13 * bubbles(scene, 5, 260, 700, long=1.3)


def waterfall(scene: Scene) -> Stereo:
    """Falling water: a broad, steady rush with weight below."""
    t = scene.times
    rush = noise(scene, "rush", tilt(band(120, 7000), -2.5), wide=0.9)
    weight = noise(scene, "weight", tilt(band(40, 220), -3), wide=0.5)
    play = 1 + 0.05 * wander(scene.rng("rush play"), 3, 5)(t)
    return (0.09 * rush + 0.06 * weight) * play[:, None] + 0.1 * bubbles(scene, 20, 500, 1500)


def wind(scene: Scene) -> Stereo:
    """Wind: a band of noise whose pitch and strength follow the gusts that bend the grass."""
    t = scene.times
    gust = scene.rhythm.gust(t)
    centre = np.log2(190 * 2 ** (1.7 * gust))
    sound = 0.4 * noise(scene, "wind low", tilt(band(50, 200), -3), wide=0.6) * (0.5 + gust)[:, None]
    for k, hz in enumerate((160, 240, 360, 540, 800, 1150)):
        weight = np.exp(-((np.log2(hz) - centre) ** 2) / 0.5) * (0.3 + 0.9 * gust**1.3)
        sound += noise(scene, f"wind {k}", band(hz * 0.82, hz * 1.2, steep=3), wide=0.75) * weight[:, None]
    return 0.085 * sound


def rustle(scene: Scene) -> Stereo:
    """Leaves and grass that answer the wind."""
    gust = scene.rhythm.gust(scene.times)
    fine = 1 + 0.5 * wander(scene.rng("rustle"), 0.7, 6)(scene.times)
    leaves = noise(scene, "leaves", tilt(band(1800, 7500), -2), wide=0.95)
    return 0.05 * leaves * ((0.15 + 0.9 * gust**2) * np.clip(fine, 0.2, 2))[:, None]


def snow(scene: Scene) -> Stereo:
    """The hush of falling snow: air with the edges taken off."""
    t = scene.times
    hush = noise(scene, "hush", tilt(band(260, 1500, steep=1.5), -4), wide=0.8)
    flakes = noise(scene, "flakes", tilt(band(2500, 6000), -3), wide=1.0)
    breath = 1 + 0.18 * wander(scene.rng("snow breath"), 8)(t)
    return (0.07 * hush + 0.007 * flakes) * breath[:, None]


def air(scene: Scene) -> Stereo:
    """A quiet night or room: soft air, nearly nothing."""
    soft = noise(scene, "air", tilt(band(90, 1800, steep=1.5), -5), wide=0.8)
    slow = 1 + 0.15 * wander(scene.rng("air breath"), 10)(scene.times)
    return 0.06 * soft * slow[:, None]


def crickets(scene: Scene) -> Stereo:
    """Several crickets, near and far, each with its own pitch and pace."""
    rng, t = scene.rng("crickets"), scene.times
    sound = scene.silence()
    for k in range(7):
        hz, pace, trill = rng.uniform(3900, 5000), rng.uniform(1.1, 1.9), rng.uniform(26, 34)
        beat = (t * pace + rng.uniform()) % 1
        chirp = np.clip(np.sin(np.pi * np.clip(beat / 0.42, 0, 1)), 0, 1) ** 0.8
        pulse = np.clip(np.sin(2 * np.pi * trill * t + rng.uniform(0, 6.28)), 0, 1) ** 1.5
        tone = np.sin(2 * np.pi * hz * t + rng.uniform(0, 6.28))
        near = rng.uniform(0.15, 1.0) ** 1.5
        gains = np.array([np.cos((k / 6) * np.pi / 2), np.sin((k / 6) * np.pi / 2)])
        sound += 0.075 * near * (tone * chirp * pulse)[:, None] * gains
    return sound


def birds(scene: Scene) -> Stereo:
    """Far birds: short sweet phrases with long rests."""
    rng = scene.rng("bird song")
    sound = scene.silence()
    length = scene.samples / scene.rate_hz
    for _ in range(3):
        home, place, size = rng.uniform(2300, 4300), rng.uniform(-0.9, 0.9), rng.uniform(0.02, 0.06)
        start = rng.uniform(-1, 1.5)
        while start < length:
            for note in range(int(rng.integers(2, 6))):
                long = rng.uniform(0.06, 0.16)
                add_at(sound, scene, start, _note(scene, rng, home, long) * size, place)
                start += long + rng.uniform(0.02, 0.09) + 0.02 * note
            start += rng.uniform(1.2, 3.2)
    return sound


def _note(scene: Scene, rng: np.random.Generator, home: float, long: float) -> np.ndarray:
    """One whistled note that slides."""
    t = np.arange(int(long * scene.rate_hz)) / scene.rate_hz
    part = t / long
    hz = (
        home
        * rng.uniform(0.85, 1.2)
        * (1 + rng.uniform(-0.18, 0.18) * part + 0.02 * np.sin(2 * np.pi * rng.uniform(14, 30) * t))
    )
    return np.sin(2 * np.pi * np.cumsum(hz) / scene.rate_hz) * np.sin(np.pi * part) ** 1.2


def thunder(scene: Scene) -> Stereo:
    """Far thunder that rolls in a while after its light."""
    sound = scene.silence()
    rng = scene.rng("thunder")
    roll = noise(scene, "thunder", tilt(band(28, 130, steep=1.6), -3), wide=0.5)
    t = scene.times
    for start, strength, place in scene.rhythm.rumbles:
        since = np.clip(t - start - THUNDER_DELAY_S, 0, None)
        shape = (1 - np.exp(-since / 0.5)) * np.exp(-since / 2.2)
        grumble = 1 + 0.5 * wander(rng, 1.1, 5)(t)
        sound += (
            roll * (shape * grumble * (0.5 + 0.7 * strength))[:, None] * (1 + np.array([-0.3, 0.3]) * place)
        )
    return 0.16 * sound


def city(scene: Scene) -> Stereo:
    """A town far below: low traffic, now and then a car that passes."""
    t = scene.times
    hum = noise(scene, "traffic", tilt(band(45, 320), -4), wide=0.6)
    whoosh = noise(scene, "car", tilt(band(250, 2200), -4), wide=0.4)
    coming = np.clip(wander(scene.rng("cars"), 5, 3)(t), 0, 1) ** 2
    return 0.08 * hum + 0.05 * whoosh * coming[:, None]


def train(scene: Scene) -> Stereo:
    """Inside a night train: a low roll and the double beat of the rail joints."""
    rng = scene.rng("train")
    roll = noise(scene, "train roll", tilt(band(40, 380), -3.5), wide=0.5)
    hiss = noise(scene, "train air", tilt(band(300, 2500), -4.5), wide=0.8)
    sound = 0.09 * roll + 0.025 * hiss
    pace = rng.uniform(1.25, 1.5)
    beat = rng.uniform(-pace, 0)
    while beat < scene.samples / scene.rate_hz:
        for late, size in ((0.0, 1.0), (0.16, 0.75)):
            knock = burst(scene, rng, 70, 480, 0.028) * 0.13 * size
            add_at(sound, scene, beat + late, knock, 0.1)
        beat += pace
    return sound


def purr(scene: Scene) -> Stereo:
    """A cat: soft throbs that swell with its breath."""
    t = scene.times
    breath = 0.55 + 0.45 * np.sin(2 * np.pi * t / 1.9)
    throb = (0.5 + 0.5 * np.sin(2 * np.pi * 25.5 * t + 0.6 * np.sin(2 * np.pi * t / 1.9))) ** 2
    return 0.10 * noise(scene, "purr", tilt(band(70, 520), -3), wide=0.2) * (breath * throb)[:, None]


def pages(scene: Scene) -> Stereo:
    """A page turned now and then."""
    rng = scene.rng("pages")
    sound = scene.silence()
    start = rng.uniform(0.3, 1.5)
    while start < scene.samples / scene.rate_hz:
        samples = int(0.45 * scene.rate_hz)
        sweep = (
            burst(scene, rng, 900, 6000, 0.5)[:samples] * np.sin(np.pi * np.arange(samples) / samples) ** 2
        )
        add_at(sound, scene, start, 0.09 * sweep, rng.uniform(-0.4, 0.4))
        start += rng.uniform(3.5, 7)
    return sound
