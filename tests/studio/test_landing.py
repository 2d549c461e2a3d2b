"""What keeps a finished prompt from becoming a take is told by who was to blame."""

import time

import pytest

from ltxlib.comfy.state import PromptState
from ltxlib.errors import RenderFailed, RenderInterrupted
from ltxlib.studio.landing import bring
from ltxlib.studio.lanes import Flight
from tests.support.batches import job
from tests.support.studio import a_project


@pytest.mark.parametrize(("hung", "kind"), [(True, RenderFailed), (False, RenderInterrupted)])
def test_who_stopped_a_render_decides_whether_it_is_tried_again(tmp_path, server, hung, kind):
    """What the batch stopped because it hung failed, and is tried again; what a person stopped stays so."""
    made = job(a_project(tmp_path / "p"))
    flight = Flight(made.plans[0], "a", {}, time.monotonic(), hung=hung)
    state = PromptState("a", "interrupted", error=RenderInterrupted("Stopped."))
    with pytest.raises(kind):
        bring(made, None, flight, state, 1.0)
