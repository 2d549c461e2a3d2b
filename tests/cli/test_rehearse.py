"""The kit's main job, whole: four notebooks, one film, no GPU."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter

from ltxlib.media.probe import probe
from ltxlib.studio import rehearsing
from tests.support.studio import a_project


def rehearse(project, *words):
    environment = {name: value for name, value in os.environ.items() if name != "LTX_COMFY_URL"}
    return subprocess.run(
        [sys.executable, "-m", "ltxlib", "rehearse", "--project", str(project.root), *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_rehearsal_ends_with_a_film_and_a_second_one_makes_nothing_again(tmp_path, project_root):
    """From an untouched project to a master; the second run renders no take and gives the same master."""
    project = a_project(
        tmp_path / "project",
        (
            "rain,t2v,@rain/window,,25,256,128,1,yes,yes",
            "still,i2v,Mist drifts over the water with a soft hush.,still.png,25,256,128,1,yes,yes",
            "sea,t2v,Waves wash softly over the sand.,,25,256,128,1,yes,yes",
        ),
    )
    shutil.rmtree(project.notebooks)
    shutil.copytree(project_root / "notebooks", project.notebooks)
    first = rehearse(project, "--json")
    assert first.returncode == 0, first.stderr + first.stdout
    said = json.loads(first.stdout)
    assert (said["made"], said["failed"]) == (3, 0)
    assert said["frames"] == 3 * 25 - 2 * 12 == probe(said["master"]).frames
    assert "REHEARSAL" in said["master"]
    assert set(said["notebooks_s"]) == {"01_setup", "02_generate", "03_review", "04_assemble"}

    second = rehearse(project)
    assert second.returncode == 0, second.stderr
    assert said["master"] in second.stdout
    assert "On a pod the same night would take" in second.stdout
    journal = Counter(entry["event"] for entry in project.set(rehearsal=True).journal)
    assert (journal["submitted"], journal["saved"]) == (3, 3)
    assert not (project.production / "film").exists()
    assert rehearsing.running(project) is None, "the rehearsal of a run ends with it"


def test_a_rehearsal_with_mistakes_renders_nothing(tmp_path):
    """Mistakes in scenes.csv are told before a server is started."""
    project = a_project(tmp_path / "project", ("rain,t2v,,,64,256,128,1,yes,yes",))
    done = rehearse(project)
    assert done.returncode == 1
    assert "2 problems" in done.stderr
    assert not project.production.exists()
