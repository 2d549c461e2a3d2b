"""The doctor's look at the machine: the pod and its price, its card, memory, disks and clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ltxlib.core import catalog
from ltxlib.core.fitting import CARD_GB, GB, Fit, advise, fit
from ltxlib.errors import LtxlibError
from ltxlib.pod import comfyui, machine
from ltxlib.pod.here import this_pod
from ltxlib.store.project import Project
from ltxlib.studio.price import hourly_price
from ltxlib.studio.setup import AMBER, GREEN, RED, Line

LITTLE_CONTAINER_BYTES = 2 * GB
# Older than the kit itself: such a clock makes secure connections fail.
EARLIEST_S = 1_780_000_000.0
Cards = tuple[machine.Card, ...] | None


def lines(project: Project, cards: Cards, root: Path, now: Callable[[], float]) -> Iterator[Line]:
    """Every line about the machine. cards: as machine.cards() gave them; root: where /proc and /sys are."""
    yield from _pod()
    yield from _cards(cards, root)
    yield from _memory(cards, root)
    yield from _disks(project, root)
    yield from _clock(now)


def _pod() -> Iterator[Line]:
    here = this_pod()
    if here is None:
        return
    if here.gpu_count == 0:
        yield Line(
            "Pod",
            RED,
            "The pod came back without a graphics card: another customer has it.",
            "Stop it and start it again later, or rent another pod with the same network volume.",
        )
        return
    try:
        price = hourly_price()
    except LtxlibError as error:
        yield Line("Price", AMBER, error.message, error.cure)
        return
    if price is None:
        cure = "Write the price of an hour into LTX_USD_PER_HOUR, or name it when the night is started."
        yield Line("Price", AMBER, "What an hour of this pod costs is not known here.", cure)
    else:
        yield Line("Price", GREEN, f"An hour costs ${price.usd:g} ({price.source}).")


def _cards(found: Cards, root: Path) -> Iterator[Line]:
    vram = max((card.vram_bytes for card in found or ()), default=None)
    if not found:
        says = "No graphics card is found here." if found is None else "The driver sees no graphics card."
        if this_pod() is not None or comfyui.find_home() is not None:
            cure = "Stop the pod and start it again; if that does not help, rent another one."
            yield Line("Card", RED, says, cure)
        else:
            yield Line("Card", AMBER, says, "Rehearse here; for real clips rent a pod with a card.")
    else:
        told = ", ".join(f"{card.name} ({card.vram_bytes / CARD_GB:.0f} GB)" for card in found)
        yield Line("Card", GREEN, f"{told}, driver {found[0].driver}.")
        ram = machine.memory_bytes(root)
        advice = advise(catalog.shipped().presets, vram, ram)
        if advice.preset is None:
            yield Line("Advice", AMBER, advice.why, "Try the preset “low memory”, or rent a larger pod.")
        else:
            chosen = advice.preset
            size = f"{chosen.width_px}x{chosen.height_px}, {chosen.frames} frames"
            told = f"Begin with the preset “{chosen.name}” ({chosen.model.name}, {size}). {advice.why}"
            yield Line("Advice", GREEN, told)
        yield _fits([fit(model, vram, ram) for model in catalog.MODELS.values()])


def _fits(found: list[Fit]) -> Line:
    """Which models this machine can make clips with, and what the others want."""
    known = [one for one in found if one.known]
    good = [one.model.name for one in known if one.fits]
    lacking = [f"{one.model.name} ({', '.join(one.lacks)})" for one in known if not one.fits]
    told = f"Models that fit: {', '.join(good)}." if good else "None of the models is known to fit."
    more = f" Not: {'; '.join(lacking)}." if lacking else ""
    return Line("Fits", GREEN, told + more)


def _memory(cards: Cards, root: Path) -> Iterator[Line]:
    ram = machine.memory_bytes(root)
    if ram is None:
        return
    fitting = [one for one in (fit(model, None, ram) for model in catalog.MODELS.values()) if one.known]
    good = [one.model.name for one in fitting if one.fits]
    says = f"{ram / GB:.0f} GB of system memory for programs on this machine."
    if len(good) == len(fitting):
        yield Line("Memory", GREEN, f"{says} Enough for every model.")
    elif good:
        yield Line("Memory", GREEN, f"{says} Enough for {', '.join(good)}.")
    else:
        state = RED if cards else AMBER
        cure = "Rent a pod with 64 GB of it or more; here only small clips work (preset “low memory”)."
        yield Line("Memory", state, f"{says} That is too little for the models.", cure)


def _disks(project: Project, root: Path) -> Iterator[Line]:
    volume = machine.volume_of(project.root, root)
    if volume is None:
        return
    says = f"The project is on a {volume.kind} ({volume.mount}), {volume.free_bytes / GB:.0f} GB free."
    if not volume.writable:
        yield Line(
            "Volume",
            RED,
            f"{says} Nothing can be written there.",
            "Start the pod again; if the volume stays read-only, ask RunPod.",
        )
    elif volume.kind == "container disk" and this_pod() is not None:
        yield Line(
            "Volume",
            RED,
            f"{says} It is wiped whenever the pod stops: films and models would be lost.",
            "Move the kit's folder to /workspace.",
        )
    else:
        yield Line("Volume", GREEN, says)
    container = machine.volume_of(Path("/"), root)
    if container is not None and container.free_bytes < LITTLE_CONTAINER_BYTES:
        told = f"The container disk has {container.free_bytes / GB:.1f} GB left."
        yield Line(
            "Container", AMBER, told, "Empty /tmp and ~/.cache, or give the pod a larger container disk."
        )


def _clock(now: Callable[[], float]) -> Iterator[Line]:
    if now() < EARLIEST_S:
        day = time.strftime("%Y-%m-%d", time.gmtime(now()))
        cure = "Stop the pod and start it again; downloads fail while it is wrong."
        yield Line("Clock", RED, f"The clock of this machine is wrong: it says {day}.", cure)
