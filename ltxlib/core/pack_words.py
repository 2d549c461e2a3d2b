"""What a person reads who opens a workflow that needs the node pack ComfyUI-LTXVideo."""

from __future__ import annotations

_PACK = """\
**This workflow needs the node pack ComfyUI-LTXVideo.** In ComfyUI: Manager, Install Custom Nodes, LTXVideo,
then restart. Nodes drawn red are the ones it brings.
"""
_END = """
Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START = (
    _PACK
    + """
1. Write what should be seen **and heard** in *Prompt*: one paragraph, present tense, calm.
2. Choose the *Length*: 8n+1 frames (65 is 2.7 s, 121 is 5 s, 241 is 10 s), and press **Run**.
"""
    + _END
)
START_PICTURE = (
    _PACK
    + """
1. Choose the first picture in *First picture*. It is cropped to the film's shape.
2. In *Prompt*, describe what **changes** and what is **heard**, not the picture itself.
3. Choose the *Length*: 8n+1 frames (65 is 2.7 s, 121 is 5 s, 241 is 10 s), and press **Run**.
"""
    + _END
)

TILED = """\
**Stage two in tiles**: the enlarged film is refined in two by two pieces that overlap by 128 pixels, so
that the card holds a quarter of it at a time. For large sizes. The sound is that of stage one."""

STG = """\
**STG**: at each step of stage one the model is asked a second time with one of its layers left out, and led
away from that weaker answer. Steadier shapes and motion; stage one takes about twice as long. CFG stays 1."""

LOWMEM = """\
**One after the other**: the text is read before the model is loaded, and the enlarger is loaded when stage
one is done, so that they need not lie in memory together. The picture is decoded in short stretches."""

LONG = """\
**Film in stretches** of 120 frames, each going on from the last 24 frames of the one before, in both stages.
The sound is made afterwards, to the finished picture of stage one, and reaches 20 seconds at most."""

_OVER = """
Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START_DETAIL = (
    """\
1. Choose the clip in *Take to go over*. It keeps its motion and its sound; surfaces and edges become finer.
2. In *Prompt*, say what is seen, as for the take itself.
3. Write the clip's own *Length* and *Frames per second*, and press **Run**.

All of it is done in one piece: for short or small clips. *ltxvideo-detail* does it in stretches.
"""
    + _OVER
)
START_DETAIL_PACK = (
    _PACK
    + """
1. Choose the clip in *Take to go over*. It keeps its motion and its sound; surfaces and edges become finer.
2. In *Prompt*, say what is seen, as for the take itself.
3. Write the clip's own *Length* and *Frames per second*, and press **Run**.
"""
    + _OVER
)
START_CONTROL = (
    """\
1. Choose the clip in *Take to follow*. Only its outlines count: what moves where.
2. In *Prompt*, write what the **new** film shows and what is **heard**.
3. Choose the *Length*: 8n+1 frames, no more than the take has, and press **Run**.
"""
    + _OVER
)
START_DEPTH = (
    """\
1. Choose the clip in *Take to follow*. Only its depth counts: what is near, what is far, and how that moves.
2. In *Prompt*, write what the **new** film shows and what is **heard**.
3. Choose the *Length*: 8n+1 frames, no more than the take has, and press **Run**.
"""
    + _OVER
)
START_POSE = (
    """\
1. Choose the clip in *Take to follow*. Only the pose of one person in it counts.
2. In *Prompt*, write what the **new** film shows and what is **heard**.
3. Choose the *Length*: 8n+1 frames, no more than the take has, and press **Run**.
"""
    + _OVER
)
START_CONTROLS = {"edges": START_CONTROL, "depth": START_DEPTH, "pose": START_POSE}
START_TRANSITION = (
    _PACK
    + """
1. Choose *Take to begin with* and *Take to end with*: the last frames of the one melt into the first of the
   other.
2. In *Prompt*, describe the way **between** the two and what is **heard**.
3. Choose the *Length*: 8n+1 frames; both takes must have as many. Write it, below zero, as *batch_index* of
   *Its last frames*, and an eighth of it, and one, in *One into the other*: 49 frames are -49 and 7.
"""
    + _OVER
)
