"""The models the kit knows: what the shipped catalog says, and what it never invents."""

import pytest

from ltxlib.core import catalog, recipe_parts, span

FAMILIES = {"LTX-2 19B", "LTX-2.3 22B", "LTX-2.5 22B"}


def test_the_families_are_there():
    """19B in four forms, LTX-2.3 and LTX-2.5 are known; scenes can name those that have a workflow."""
    assert {model.family.name for model in catalog.KNOWN.values()} == FAMILIES
    nineteen = [name for name, model in catalog.KNOWN.items() if model.family.name == "LTX-2 19B"]
    stem = "ltx-2-19b-"
    assert nineteen == [f"{stem}distilled", f"{stem}distilled-fp8", f"{stem}dev", f"{stem}dev-fp8"]
    assert set(nineteen) <= set(catalog.MODELS)
    assert all(model.drivable for model in catalog.MODELS.values())


@pytest.mark.parametrize("name", catalog.KNOWN)
def test_every_figure_names_its_source(name):
    """Sizes, needs, stages and times all say where they come from; what is not known is None, not 0."""
    model = catalog.KNOWN[name]
    told = [model.ram_source, model.vram_source, model.family.side_source, model.family.frames_source]
    told += [part.source for part in (*model.files, *model.stages, *model.times)]
    assert all(len(source) > 10 for source in told)
    assert 0 not in (model.ram_gb, model.vram_gb, *(file.size_bytes for file in model.files))
    assert all(file.licence for file in model.files)


@pytest.mark.parametrize("name", catalog.KNOWN)
def test_stages_are_those_of_the_kind(name):
    """Distilled models take 8 and 3 steps at CFG 1; the others end with a distilled LoRA at CFG 1."""
    model = catalog.KNOWN[name]
    assert [stage.scale for stage in model.stages] == [0.5, 1]
    if model.distilled:
        assert [(stage.steps, stage.cfg) for stage in model.stages] == [((8, 8), (1, 1)), ((3, 3), (1, 1))]
    else:
        assert model.stages[-1].cfg == (1, 1)
        assert model.stages[-1].lora in model.needs


def test_the_dev_model_of_the_19b_is_guided():
    """Its first stage takes 20 to 40 steps at CFG 3.5 to 5."""
    first = catalog.KNOWN["ltx-2-19b-dev"].stages[0]
    assert (first.steps, first.cfg) == ((20, 40), (3.5, 5))


def test_the_catalog_and_the_shipped_graphs_agree():
    """The sigmas, the files and the rule of lengths are those that the recipes and the reader use."""
    model = catalog.MODELS["ltx-2-19b-distilled"]
    for stage, text in zip(
        model.stages, (recipe_parts.FIRST_SIGMAS, recipe_parts.SECOND_SIGMAS), strict=True
    ):
        assert stage.sigmas == tuple(map(float, text.split(",")))
    assert {file.name for file in catalog.files_for(model.name, "static")} == {
        recipe_parts.CHECKPOINT,
        recipe_parts.TEXT_ENCODER,
        recipe_parts.UPSCALER,
        recipe_parts.STATIC_CAMERA,
    }
    assert (model.family.frame_group, model.family.longest_s) == (span.FRAME_GROUP, span.LONGEST_S)


def test_camera_loras_are_for_the_19b_only():
    """Seven moves for the 19B; a model of another family is given none."""
    assert len(catalog.CAMERAS) == 7
    assert catalog.CAMERAS["static"] in catalog.files_for("ltx-2-19b-dev", "static")
    assert catalog.files_for("ltx-2.3-22b-dev", "static") == catalog.KNOWN["ltx-2.3-22b-dev"].files
    assert catalog.files_for("ltx-2-19b-distilled", catalog.NO_CAMERA) == (
        catalog.MODELS["ltx-2-19b-distilled"].checkpoint,
        catalog.TEXT_ENCODER,
        catalog.UPSCALER,
    )


def test_ltx_2_5_is_split_and_gated():
    """Its parts lie in folders of their own, come only after agreeing, and sides are multiples of 32."""
    model = catalog.KNOWN["ltx-2.5-22b-distilled-int8"]
    folders = {file.folder for file in model.files}
    assert folders == {"diffusion_models", "text_encoders", "vae", "latent_upscale_models"}
    assert all(file.gated and file.path.startswith(file.folder + "/") for file in model.files)
    assert model.family.side_multiple == 32


def test_a_time_is_scaled_from_the_nearest_report():
    """Work grows with pixels times frames; a clip that was reported takes what was reported."""
    model = catalog.KNOWN["ltx-2.5-22b-distilled-int8"]
    assert model.render_s(1280, 704, 241) == (151, 151)
    assert model.render_s(1280, 704, 121) == (80, 80)
    assert model.nearest_time(640, 352, 121).width_px == 832
    assert catalog.MODELS["ltx-2-19b-distilled"].render_s(1536, 1024, 130) == (90, 300)
    assert catalog.KNOWN["ltx-2-19b-dev"].render_s(1536, 1024, 65) is None


def test_presets_can_be_rendered():
    """Each names a drivable model, a legal size and its sources; standard is what empty cells mean."""
    presets = {preset.name: preset for preset in catalog.shipped().presets}
    assert list(presets) == ["draft", "standard", "quality", "low memory"]
    for preset in presets.values():
        assert preset.model.name in catalog.MODELS
        assert preset.width_px % preset.model.family.side_multiple == 0
        assert preset.height_px % preset.model.family.side_multiple == 0
        assert span.is_legal(preset.frames, span.exact_rate("24"))
        assert preset.time_source
        assert preset.ram_gb
    standard = presets["standard"]
    assert (standard.width_px, standard.height_px, standard.frames) == (1536, 1024, 65)
    works = [preset.width_px * preset.height_px * preset.frames for preset in presets.values()]
    assert works[3] < works[0] < works[1] < works[2]


def test_what_is_gated_or_gone_has_something_in_its_place():
    """By name or by a path with it; what is taken is itself neither gated nor gone."""
    shipped = catalog.shipped()
    folder = shipped.instead_of("gemma-3-12b-it-qat-q4_0-unquantized/model-00001-of-00005.safetensors")
    assert folder
    assert folder.takes == catalog.TEXT_ENCODER.name
    gone = shipped.instead_of("some\\folder\\ltx-2.3-spatial-upscaler-x2-1.0.safetensors")
    assert gone
    assert gone.file == shipped.files["ltx-2.3-spatial-upscaler-x2-1.1.safetensors"]
    assert "was taken off" in gone.says
    assert shipped.instead_of("ltx-2-19b-distilled") is None
    for one in shipped.alternatives.values():
        assert len(one.source) > 10
        assert not (one.file and one.file.gated)
        assert not (one.model and one.model.gated)
        assert one.takes not in shipped.alternatives
    assert {name for name, model in catalog.KNOWN.items() if model.gated} <= set(shipped.alternatives)
