"""The table of proven node packs."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from ltxlib.core import packs, proven, specials


def test_the_table_is_whole():
    """Every pack has a full commit, an https address, classes of packs.json, and disjoint versions."""
    table = proven.shipped()
    assert specials.PACK in table
    for name, pack in table.items():
        assert pack.name == name
        assert proven.is_commit(pack.commit)
        assert pack.address.startswith("https://github.com/")
        assert {packs.pack_of(kind) for kind in pack.classes} == {name}
        assert not set(pack.imports) & set(pack.fails)
        assert pack.imports
        assert pack.source
        assert all(proven.package_of(line) for line in (*pack.requires, *pack.pins))


def test_what_the_workflows_need_is_what_must_be_there():
    """The classes asked for after an install are those of the kit's own table of the pack's nodes."""
    text = resources.files("ltxlib.core").joinpath("node_table_pack.json").read_text("utf-8")
    assert set(proven.shipped()[specials.PACK].classes) == set(json.loads(text))


@pytest.mark.parametrize(
    ("version", "kind", "said"),
    [
        ("0.27.0", proven.PROVEN, "was seen to work with ComfyUI 0.27.0"),
        ("0.33.0", proven.FAILS, "interleaved_freqs_cis"),
        ("0.40.0", proven.UNKNOWN, "not proven with ComfyUI 0.40.0; it was seen to work with 0.26.0"),
        ("", proven.UNKNOWN, "a ComfyUI of unknown version"),
    ],
)
def test_what_is_known_beforehand(version, kind, said):
    """Seen to work, seen to fail, never tried: each is said."""
    verdict = proven.shipped()[specials.PACK].verdict(version)
    assert verdict.kind == kind
    assert said in verdict.says


def test_another_commit_is_not_proven():
    """What was tried holds for its commit alone."""
    pack = proven.shipped()[specials.PACK]
    assert pack.verdict("0.27.0", pack.commit).kind == proven.PROVEN
    assert pack.verdict("0.27.0", "0" * 40).kind == proven.UNKNOWN


def test_pins_stand_in_for_bare_lines():
    """What is told beforehand names each package once, with its pin."""
    wants = proven.shipped()[specials.PACK].wants
    assert "kornia<0.8.3" in wants
    assert "kornia" not in wants
    assert "transformers[timm]>=4.50.0" in wants


def test_spellings_of_a_package_are_one():
    """As the index of packages sees them."""
    assert {proven.package_of(text) for text in ("Tin_Roof>=1", "tin.roof[extra]==2", " tin-roof ; x")} == {
        "tin-roof"
    }
    assert proven.package_of("# nothing") == ""
