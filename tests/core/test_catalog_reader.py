"""A catalog that somebody extended or damaged: it is read, or said to be wrong in sentences."""

import copy
import json
from importlib import resources

import pytest

from ltxlib.core import controls
from ltxlib.core.catalog_reader import read_catalog
from ltxlib.errors import BadInput

SHIPPED = json.loads((resources.files("ltxlib.core") / "catalog.json").read_text("utf-8"))
DISTILLED = ("models", "ltx-2-19b-distilled")
FILE = ("files", "ltx-2-19b-distilled.safetensors")
GONE = ("alternatives", "ltx-2.3-spatial-upscaler-x2-1.0.safetensors")


def said(text):
    """Everything that reading a text complains of, a problem a line."""
    with pytest.raises(BadInput) as caught:
        read_catalog(text, "catalog.json")
    assert all(problem.what.endswith(".") and problem.cure for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def changed(path, value):
    """The shipped catalog with one member set; or gone, for a value of Ellipsis."""
    data = copy.deepcopy(SHIPPED)
    place = data
    for name in path[:-1]:
        place = place[name]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return json.dumps(data)


def test_the_shipped_catalog_is_whole():
    """What lies in the package is read without a complaint, and every file in it is used or named."""
    catalog = read_catalog(json.dumps(SHIPPED))
    assert len(catalog.models) == len(SHIPPED["models"])
    used = {file.name for model in catalog.models.values() for file in model.files}
    used |= {file.name for family in catalog.families.values() for file in family.cameras.values()}
    # What single modes and columns take, and official LoRAs for those who look for them.
    assert set(catalog.files) - used == {
        "ltx-2-temporal-upscaler-x2-1.0.safetensors",
        "ltx-2.3-22b-distilled-lora-384-1.1.safetensors",
        "ltx-2-19b-ic-lora-detailer.safetensors",
        *(name for control in controls.CONTROLS.values() for name in control.needs),
    }


def test_a_model_can_be_added():
    """A new file and a new model beside the others are all it takes; unknown figures are null."""
    data = copy.deepcopy(SHIPPED)
    data["files"]["my-ltx.safetensors"] = {
        **SHIPPED["files"]["ltx-2-19b-distilled.safetensors"],
        "size_bytes": None,
        "sha256": None,
    }
    data["models"]["my-ltx"] = {
        **SHIPPED["models"]["ltx-2-19b-distilled"],
        "checkpoint": "my-ltx.safetensors",
        "times": [],
        "ram_gb": {"value": None, "source": "not measured"},
    }
    model = read_catalog(json.dumps(data)).models["my-ltx"]
    assert model.drivable
    assert (model.ram_gb, model.checkpoint.size_bytes) == (None, None)
    assert model.render_s(768, 512, 65) is None


@pytest.mark.parametrize(
    ("path", "value", "where", "what"),
    [
        ((*FILE, "size_bytes"), "40 GB", "size_bytes", "not a whole number"),
        ((*FILE, "size_bytes"), 0, "size_bytes", "not a whole number"),
        ((*FILE, "size_bytes"), ..., "size_bytes", "missing"),
        ((*FILE, "sha256"), "abc", "sha256", "64 digits"),
        ((*FILE, "gated"), "no", "gated", "neither true nor false"),
        ((*FILE, "folder"), "../../etc", "folder", "plain name"),
        ((*FILE, "path"), "a/../../b", "path", "leaves its repository"),
        ((*FILE, "hf_repo"), "https://x", "hf_repo", "not a repository"),
        ((*FILE, "source"), " ", "source", "not text"),
        ((*FILE, "siz_bytes"), 5, "siz_bytes", "means nothing here. Did you mean size_bytes?"),
        ((*FILE, "zzz"), 5, "zzz", "Known are: folder"),
        (FILE, 5, "ltx-2-19b-distilled.safetensors", "not an object"),
        (("files", "a/b.safetensors"), SHIPPED["files"][FILE[1]], "a/b.safetensors", "plain name"),
        (FILE, ..., "checkpoint", "not among the files"),
        ((*DISTILLED, "family"), "LTX-9", "family", "names LTX-9, which is not among the families"),
        ((*DISTILLED, "needs"), [5], "needs", "not a list of names"),
        ((*DISTILLED, "needs"), "x", "needs", "not a list"),
        ((*DISTILLED, "needs"), [], "needs", "has no file of text_encoders"),
        ((*DISTILLED, "ram_gb"), 90, "ram_gb", "not an object"),
        ((*DISTILLED, "ram_gb", "value"), True, "value", "not a number"),
        ((*DISTILLED, "ram_gb", "value"), float("inf"), "value", "not a number"),
        ((*DISTILLED, "stages"), [], "stages", "empty, but the model is drivable"),
        ((*DISTILLED, "stages", 0, "cfg"), 3.5, "stages", "a distilled model was trained to be run at 1"),
        ((*DISTILLED, "stages", 0, "cfg"), [5, 3], "cfg", "neither a number nor"),
        ((*DISTILLED, "stages", 0, "steps"), 20, "steps", "one less than the number of sigmas"),
        ((*DISTILLED, "stages", 0, "sigmas"), ["1"], "sigmas", "not a list of numbers"),
        ((*DISTILLED, "stages", 0, "scale"), 2, "scale", "not a share"),
        ((*DISTILLED, "stages", 0, "lora"), "x", "lora", "not among the files"),
        ((*DISTILLED, "times", 0, "low_s"), 900, "low_s", "more than high_s"),
        ((*DISTILLED, "times", 0, "frames"), 0, "frames", "whole number"),
        ((*DISTILLED, "drivable"), False, "ltx-2-19b-distilled", "what an empty cell of scenes.csv means"),
        ((*DISTILLED, "stages", 0, "steps"), [8, 20], "steps", "neither a number nor"),
        ((*DISTILLED, "graph"), None, "graph", "null, but the model is drivable"),
        ((*DISTILLED, "graph"), "odd", "graph", "not among the graphs"),
        (("graphs", "dev", "suffix"), "dev", "suffix", "cannot end a file's name"),
        (("graphs", "dev", "suffix"), 5, "suffix", "not text"),
        (("graphs", "dev", "modes"), ["t2w"], "modes", "names t2w, which is none"),
        (("graphs", "dev", "written_for"), "ltx-2-19b-distilled", "written_for", "names no model of"),
        (("graphs", "dev", "written_for"), "nothing", "written_for", "names no model of this"),
        (("families", "LTX-2.5 22B", "sizes", "value"), [[608]], "sizes", "not a list of sizes"),
        (
            ("families", "LTX-2.5 22B", "sizes", "value"),
            [[600, 352]],
            "sizes",
            "no multiple of side_multiple",
        ),
        (("families", "LTX-2 19B", "frames", "group"), 4, "frames", "a rule that the kit does not know"),
        (("models", "My Model"), SHIPPED["models"]["ltx-2-19b-dev"], "My Model", "cannot be written"),
        (("families", "LTX-2 19B", "side_multiple", "value"), 10, "side_multiple", "neither 32 nor 64"),
        (("families", "LTX-2 19B", "cameras", "spin"), "spin.x", "cameras", "not among the files"),
        (("presets", "draft", "model"), "none", "model", "not among the models"),
        (("presets", "draft", "width_px"), 1000, "draft", "no multiple of 64"),
        (("presets", "draft", "frames"), 64, "frames", "not 8n+1"),
        ((*GONE, "file"), "x", "file", "not among the files"),
        ((*GONE, "file"), None, "alternatives", "names a file and a model, or neither"),
        ((*GONE, "model"), "ltx-2-19b-dev", "alternatives", "names a file and a model, or neither"),
        (("prices",), {}, "prices", "not a list"),
        (("prices", 0, "usd_per_hour"), -1, "usd_per_hour", "not a number"),
        (("first_load",), ..., "first_load", "missing"),
    ],
)
def test_a_wrong_member_is_told_with_its_place(path, value, where, what):
    """One sentence says what is wrong and where it stands; nothing but sentences comes out."""
    lines = said(changed(path, value))
    assert any(where in line.split(": ")[0] and what in line for line in lines), lines


def test_everything_is_told_at_once():
    """Two faults in two places are two lines."""
    data = json.loads(changed((*FILE, "folder"), ""))
    data["presets"]["draft"]["frames"] = 64
    assert len(said(json.dumps(data))) == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{\n "files": {,\n', "line 2: This is not JSON."),
        ("", "not JSON"),
        ("[" * 100000, "not JSON"),
        ("[]", "not an object"),
        ("null", "not an object"),
    ],
)
def test_what_is_no_catalog_is_told(text, what):
    """Truncated, empty and foreign files give a sentence, with the line where there is one."""
    assert what in "\n".join(said(text))


def test_a_name_that_stands_twice_is_told():
    """JSON would silently keep the last of two; a copied entry that was not renamed is found."""
    text = json.dumps(SHIPPED).replace('"models": {', '"models": {"ltx-2-19b-dev": {}, ', 1)
    assert any("“ltx-2-19b-dev” stands twice" in line for line in said(text))
