"""The stage for the tests of the stage itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stage.image import Image, image
from tests.stage.pod import StagePod


@pytest.fixture(scope="module")
def pod_image() -> Image:
    """The image's environment, as it was before anybody worked on the pod."""
    return image()


@pytest.fixture(scope="module")
def pod(pod_image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StagePod]:
    """A pod that was just rented."""
    made = StagePod(tmp_path_factory.mktemp("pod"), pod_image)
    yield made
    made.power_off()
