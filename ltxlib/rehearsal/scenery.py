"""Puts the layers of a scene together, from far to near, as its story tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ltxlib.rehearsal import scenery_air as air
from ltxlib.rehearsal import scenery_boats as boats
from ltxlib.rehearsal import scenery_brook as brook
from ltxlib.rehearsal import scenery_fall as fall
from ltxlib.rehearsal import scenery_fire as fire
from ltxlib.rehearsal import scenery_glass as glass
from ltxlib.rehearsal import scenery_land as land
from ltxlib.rehearsal import scenery_room as room
from ltxlib.rehearsal import scenery_shelter as shelter
from ltxlib.rehearsal import scenery_sky as skies
from ltxlib.rehearsal import scenery_train as train
from ltxlib.rehearsal import scenery_water as water
from ltxlib.rehearsal import scenery_wood as wood
from ltxlib.rehearsal.palette import rgb
from ltxlib.rehearsal.scenery_candle import candles
from ltxlib.rehearsal.scenery_drops import Drops
from ltxlib.rehearsal.scenery_leaf import leaf
from ltxlib.rehearsal.scenery_rocks import rocks
from ltxlib.rehearsal.stage import Layer, Stage


def layers(stage: Stage) -> list[Layer]:
    """All layers of the scene, the farthest first."""
    return [*PLACES[stage.story.place](stage), *weather(stage)]


def weather(stage: Stage) -> list[Layer]:
    """What falls or drifts in front of an open place."""
    story, made = stage.story, []
    if story.place in SHELTERED:
        return made
    if story.has("fog") and story.place not in {"stream", "meadow"}:
        made.append(air.mist(stage, 0.5, thick=0.5, spread=0.2))
    if story.has("rain"):
        made.append(air.rain(stage, slant=0.16 if story.has("wind", "thunder") else 0.06))
    if story.has("snowfall") or (story.has("snow") and story.place == "snowland"):
        made.append(air.snow(stage, wind=0.8 if story.has("wind", "thunder") else 0.15))
    if story.has("leaffall"):
        made.append(air.leaves(stage, LEAVES))
    if story.has("fireflies"):
        made.append(air.fireflies(stage, 0.45, 0.95))
    return made


def over_an_image(stage: Stage) -> list[Layer]:
    """What moves in front of a still picture: drops that run down its window, or the weather."""
    if stage.story.has("window") and stage.story.has("rain"):
        return [Layer(Drops(stage, many=0.0, fogged=0.0, gain=1.9).paint)]
    made = weather(replace(stage, story=replace(stage.story, place="picture")))
    if stage.story.has("fire", "fireplace", "campfire"):
        made.append(air.embers(stage, 0.5, 0.75, 0.2))
    if not made and not stage.story.has("sea", "waves", "lake", "stream"):
        made.append(air.motes(stage, stage.colours.light, count=36))
    return made


def _sea(stage: Stage) -> list[Layer]:
    horizon = 0.42
    place = skies.light_place(stage, horizon)
    made = skies.heavens(stage, horizon, place)
    made += [water.sea(stage, horizon, place, wild=_roughness(stage)), water.horizon_haze(stage, horizon)]
    if stage.story.has("fog"):
        made.append(water.horizon_haze(stage, horizon, 0.9, deep=0.22))
    if stage.story.has("boat"):
        made += boats.harbour(stage)
    elif stage.story.has("rocks"):
        made.append(rocks(stage))
    elif stage.story.has("shore") and not stage.story.has("meadow", "thunder"):
        made.append(water.beach(stage, 0.78))
    elif stage.story.has("meadow"):
        made.append(land.blades(stage, count=130, tall=0.26, flowers=False))
    return made


def _roughness(stage: Stage) -> float:
    """How high the sea goes: low in a foggy harbour, high in a storm."""
    if stage.story.has("boat"):
        return 0.4
    return 1.5 if stage.story.has("thunder") else 1.0


def _campfire(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.6)
    return [
        *skies.heavens(stage, 0.78, place),
        land.pines(stage, 0.74, 0.3, depth=0.55, name="back", snowy=stage.story.has("snow")),
        land.pines(stage, 0.77, 0.52, depth=0.9, name="front", gap=(0.5, 0.3)),
        *fire.campfire(stage),
    ]


def _snowland(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.5)
    made = skies.heavens(stage, 0.62, place)
    made += land.ridges(stage, 0.6, count=2, tall=0.3, snowy=True)
    made += [
        land.pines(stage, 0.62, 0.15, depth=0.2, name="far", snowy=True),
        air.mist(stage, 0.6, thick=0.5),
    ]
    made += [
        land.pines(stage, 0.665, 0.27, depth=0.55, name="middle", snowy=True, gap=(0.5, 0.25)),
        land.snowfield(stage, 0.65),
    ]
    if stage.story.has("cabin", "fire", "lamp", "window"):
        made += land.hut(stage, 0.62, 0.72, 0.16)
    made += [land.pines(stage, 0.9, 0.68, depth=0.95, name="near", snowy=True, gap=(0.55, 0.44))]
    return made


def _meadow(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.44)
    made = skies.heavens(stage, 0.48, place)
    made += land.ridges(stage, 0.465, count=3, tall=0.2)
    made += [land.meadow(stage, 0.46)]
    if stage.story.time in {"dawn", "sunset", "dusk"} or stage.story.has("fog"):
        made.append(air.mist(stage, 0.48, thick=0.6, spread=0.07))
    made.append(land.blades(stage))
    return made


def _forest(stage: Stage) -> list[Layer]:
    made = wood.woods(stage)
    if stage.story.time in {"dawn", "day", "sunset"}:
        made += [air.rays(stage, 0.5), wood.sunspots(stage)]
    return made


def _hills(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.5)
    made = skies.heavens(stage, 0.6, place)
    for k, ridge in enumerate(land.ridges(stage, 0.86, count=5, tall=0.6)):
        made.append(ridge)
        if k < 4:
            made.append(air.mist(stage, 0.5 + 0.1 * k, thick=0.42, spread=0.1))
    made.append(land.pines(stage, 1.02, 0.34, depth=1.0, name="near", gap=(0.5, 0.3)))
    return made


def _heavens(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.7)
    made = skies.heavens(stage, 0.9, place)
    made += land.ridges(stage, 0.93, count=3, tall=0.22, snowy=stage.story.has("snow", "aurora"))
    made.append(land.pines(stage, 1.0, 0.2, depth=1.0, name="near"))
    return made


def _glass(stage: Stage) -> list[Layer]:
    story = stage.story
    if story.has("train"):
        made = [*skies.heavens(stage, 0.6, skies.light_place(stage, 0.5)), *train.passing(stage, 0.5)]
        drops = [Layer(Drops(stage, many=0.6, fogged=0.15).paint)] if story.has("rain") else []
        return [*made, *drops, train.night_veil(stage)]
    open_land = story.has("snow", "forest", "mountain", "meadow", "sea", "lake") or story.time not in {
        "night",
        "dusk",
    }
    made = (
        _view(stage)
        if open_land and not story.has("city")
        else [glass.town_at_night(stage), glass.bokeh(stage)]
    )
    wet = story.has("rain", "thunder") or not story.has("snow")
    if wet and open_land:
        made.append(glass.out_of_focus(stage, 0.032))
        if story.time == "dusk":
            made.append(glass.nightfall(stage))
        if story.has("lamp", "city"):
            made.append(glass.bokeh(stage, low=0.35, high=0.85, many=16, bright=0.8, warm=True))
    if wet:
        made += [glass.scattered(stage, 0.55 if story.time == "night" else 0.1), Layer(Drops(stage).paint)]
    if story.has("cabin", "candle", "fireplace", "fire", "lamp", "tea", "purr", "pages"):
        made += glass.sill(stage, lamp=story.has("candle", "lamp", "fire", "fireplace"))
    return made


def _candle(stage: Stage) -> list[Layer]:
    made = [room.dim_room(stage, 0.7), *candles(stage, 0.72)]
    return [*made, air.motes(stage, rgb("ffb56a"), count=40)]


def _table(stage: Stage) -> list[Layer]:
    story = stage.story
    made = [room.dim_room(stage, 0.68, lamp=(0.2, 0.35)), room.lamp(stage, 0.2, 0.36)]
    if story.has("pages", "cabin"):
        made.append(room.books(stage, 0.76, 0.74, 0.3))
    made += [room.cup(stage, 0.5, 0.82, 0.2), air.steam(stage, 0.5, 0.63, wide=0.07, tall=0.42)]
    return [*made, air.motes(stage, rgb("ffc080"), count=50)]


def _lake(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.5)
    made = skies.heavens(stage, 0.54, place)
    made += land.ridges(stage, 0.53, count=3, tall=0.26, snowy=stage.story.has("snow", "mountain"))
    made += [land.pines(stage, 0.545, 0.14, depth=0.75, name="shore"), brook.lake(stage, 0.545)]
    made.append(air.mist(stage, 0.545, thick=0.5, spread=0.06))
    if stage.story.has("rain"):
        made.append(brook.rings(stage, 0.56))
    if stage.story.has("lily"):
        made.append(brook.lilies(stage, 0.62))
    return made


def _stream(stage: Stage) -> list[Layer]:
    return [*wood.woods(stage)[:6], air.mist(stage, 0.44, thick=0.5, spread=0.1), *brook.brook(stage, 0.47)]


def _underwater(stage: Stage) -> list[Layer]:
    made = fall.underwater(stage)
    return [*made[:2], air.rays(stage, 0.5, strength=0.3), *made[2:], air.motes(stage, rgb("bfeaf0"), rise=5)]


def _street(stage: Stage) -> list[Layer]:
    made = [glass.town_at_night(stage), glass.bokeh(stage, low=0.2, high=0.62), glass.scattered(stage, 0.4)]
    return [
        *made,
        glass.wet_ground(stage, 0.66),
        *([brook.rings(stage, 0.68)] if stage.story.has("rain") else []),
    ]


def _calm(stage: Stage) -> list[Layer]:
    place = skies.light_place(stage, 0.5)
    made = [
        skies.sky(stage, 1.0, sun=(place[0], 0.8)),
        glass.orbs(stage),
    ]
    return [*made, air.mist(stage, 0.7, thick=0.5, spread=0.3), air.motes(stage, stage.colours.light)]


def _porch(stage: Stage) -> list[Layer]:
    made = [*wood.woods(stage), glass.out_of_focus(stage, 0.012)]
    if stage.story.has("rain"):
        made += [air.rain(stage), brook.rings(stage, 0.72)]
    return [*made, *shelter.porch(stage)]


def _view(stage: Stage) -> list[Layer]:
    """What is seen through a window that does not look on a town."""
    story = stage.story
    if story.has("sea"):
        return _sea(stage)
    if story.has("snow"):
        made = _snowland(stage)
        return [*made, air.snow(stage, amount=0.8)]
    if story.has("meadow"):
        return _meadow(stage)
    if story.has("mountain"):
        return _hills(stage)
    return _forest(stage)


SHELTERED = {"hearth", "candle", "table", "glass", "underwater", "tent", "porch"}
LEAVES = (rgb("d98a3a"), rgb("c4572e"), rgb("e0b44a"), rgb("9a8a3c"))
PLACES: dict[str, Callable[[Stage], list[Layer]]] = {
    "sea": _sea,
    "hearth": fire.hearth,
    "campfire": _campfire,
    "snowland": _snowland,
    "meadow": _meadow,
    "forest": _forest,
    "hills": _hills,
    "candle": _candle,
    "table": _table,
    "lake": _lake,
    "stream": _stream,
    "waterfall": fall.waterfall,
    "underwater": _underwater,
    "street": _street,
    "calm": _calm,
    "tent": shelter.tent,
    "porch": _porch,
    "leaf": leaf,
    "glass": _glass,
    "heavens": _heavens,
}
