"""The verb loop: how well a take goes round and round, and what to do with it."""

from __future__ import annotations

import argparse
import json

from ltxlib.core.looping import LoopWay
from ltxlib.store.project import find_project
from ltxlib.studio import loop_lab
from ltxlib.studio.loop_lab import LoopReport


def loop(arguments: argparse.Namespace) -> int:
    """Tell how well a take loops; 1 when it cannot be looped as it is."""
    project = find_project(arguments.project)
    shelf = project.set(rehearsal=arguments.rehearsal)
    take = loop_lab.find_take(shelf, arguments.scene, arguments.take or "")
    report = loop_lab.loop_report(shelf, take)
    shown = {}
    if arguments.preview:
        shown = {
            "preview": str(loop_lab.preview(shelf, report)),
            "strip": str(loop_lab.strip(shelf, report)),
        }
    if arguments.json:
        print(json.dumps(report.to_json() | shown))
    else:
        if shelf.rehearsal:
            print("REHEARSAL: this clip is a stand-in.")
        print("\n".join(report_lines(report)))
        for name, path in shown.items():
            print(f"  {name + ':':<12}{path}")
    return 0 if report.advice.loops else 1


def report_lines(report: LoopReport) -> list[str]:
    """A report for a person."""
    take, advice = report.take, report.advice
    lines = [
        f"{take.scene}, take {take.take_no}: {advice.score} of 100, {advice.words}.",
        advice.sentence,
        *(f"  {_way_line(report, way)}" for way in report.ways),
    ]
    return lines + [f"Beware: {warning}" for warning in report.warnings]


def _way_line(report: LoopReport, way: LoopWay) -> str:
    rate = report.measured.rate
    sound = "no sound" if way.sound is None else f"sound {way.sound}"
    span = f"{float(way.in_frame / rate):.2f} s to {float(way.out_frame / rate):.2f} s"
    melt = f", melting for {float(way.crossfade_frames / rate):.2f} s" if way.crossfade_frames else ""
    frames = f"frames {way.in_frame} to {way.out_frame - 1}"
    return f"{way.kind + ':':<12}{way.score:>3}  (picture {way.picture}, {sound})  {span} ({frames}){melt}"
