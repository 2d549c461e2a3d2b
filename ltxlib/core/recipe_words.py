"""The prompts and notes in the shipped workflows: what a person reads who opens one in ComfyUI."""

from __future__ import annotations

PROMPT = (
    "Photorealistic close-up of a rain-covered window at dusk, seen from inside a warm room. Heavy drops"
    " gather on the glass, tremble and slide down in crooked lines, leaving clear trails behind them. Beyond"
    " the glass a garden sways, soft and out of focus, in blue evening light, while a single lamp behind the"
    " camera lays an amber glow on the wooden sill. Gentle rain taps against the pane, unhurried and even,"
    " with a low murmur of water in the gutter and one faint roll of distant thunder. The camera holds"
    " completely still."
)
MOTION = (
    "The scene stays as it is and comes softly to life. Rain begins to run down in thin, wandering lines,"
    " small reflections tremble on wet surfaces, and the light breathes almost imperceptibly as clouds pass."
    " Everything else keeps its place. Steady rain patters close by, soft and regular, over a low hush of"
    " wind. The camera holds completely still."
)
BETWEEN = (
    "Evening comes over the scene without a hurry. The light sinks and turns from pale gold to deep blue, the"
    " first small lights wake, and shadows grow softly together until the night has come. Leaves stir now and"
    " then. A steady, even hush of wind, distant water, and one late bird that falls silent. The camera holds"
    " completely still."
)
FOLEY = (
    "Steady rain patters close by on leaves and stone, soft and even, with single heavier drops that fall"
    " from an eave. Water trickles along a gutter, near and clear, and far away the wind rises and sinks."
    " Nothing else is heard."
)
NEGATIVE = "music, speech, voices, sudden loud noise, camera shake, fast motion, cuts, flicker, text, logo"

START_T2V = """1. Write what should be seen **and heard** in *Prompt*: one paragraph, present tense, calm.
2. Choose the *Length*: 8n+1 frames (65 is 2.7 s, 121 is 5 s, 241 is 10 s).
3. Press **Run**. The clip lands in ComfyUI's output folder, under `asmr/`.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START_I2V = """1. Choose the first picture in *First picture*. It is cropped to the film's shape.
2. In *Prompt*, describe what **changes** and what is **heard**, not the picture itself.
3. Choose the *Length*: 8n+1 frames (65 is 2.7 s, 121 is 5 s, 241 is 10 s), and press **Run**.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START_LOOP = """\
1. Choose the picture in *Picture, first and last*. The clip begins and ends with it: it loops by itself.
2. In *Prompt*, describe a motion that **comes and goes** and what is **heard**, nothing that happens once.
3. Choose the *Length*: 8n+1 frames (65 is 2.7 s, 121 is 5 s, 241 is 10 s), and press **Run**.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START_FLF = """\
1. Choose where the clip begins in *First picture* and ends in *Last picture*; best is the same place.
2. In *Prompt*, describe what happens **between** the two and what is **heard**.
3. Choose the *Length*: 8n+1 frames (121 is 5 s, 241 is 10 s), and press **Run**.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START_EXTEND = """\
1. Choose the clip to go on from in *Take to go on from*. Its last second leads the new clip, which shows
   it once more at its beginning: cut that off, or let the kit's notebook 04 join the two.
2. In *Prompt*, describe how it **goes on** and what is **heard**. Size and rate are those of that clip.
3. Choose the *Length*: 8n+1 frames (65 is 2.7 s, 121 is 5 s, 241 is 10 s), and press **Run**.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

ABOUT_CARRIED_SOUND = """The sound begins with the take's last sound and goes on from it.

The kit sets its length. By hand, for another *Length*: the seconds of the clip in *Silence* and *As long as*,
25 steps a second under *White*.

A take without sound? Wire *Empty sound* into *Film and sound together* instead."""

ABOUT_DOUBLED = """**Twice as many frames a second**: 24 in stage one become 48 in the file, and 65 frames
become 129.

The rate of the file stands beside: keep it at twice *Frames per second*."""

START_FOLEY = """\
1. Choose the clip that is to sound anew in *Take to sound anew*. Its picture stays as it is.
2. In *Prompt*, describe what is **heard**; the model sees the picture and keeps time with it.
3. Write its *Length* and *Frames per second* as the clip has them, and press **Run**.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

START_SOUND = """1. Describe in *Prompt* what is **heard**, and where; no picture is made.
2. Choose the *Length* in frames: 8n+1 at *Frames per second* (65 is 2.7 s, 241 is 10 s, 481 is 20 s).
3. Press **Run**. The sound lands in ComfyUI's output folder, under `asmr/`, as FLAC.

Keep the words in [square brackets] in the titles: the notebooks find these nodes by them. Moving, colouring,
adding nodes or packing them into a subgraph is fine."""

ABOUT_SMALLEST = """The model makes picture and sound together. The picture is as small as it can be, and is
thrown away."""

ABOUT_HELD = """The picture is encoded at **half its size** and held: the mask is black, so that no step
changes it. Only the sound is made, in one stage."""

ABOUT_SAVED_SOUND = """The clip is saved with the take's own frames. The kit then lays the sound under the
take's own file, so that its picture is not coded a second time."""

_NUMBERS = {3: "Three", 4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}


def about_models(files: int, camera: bool = True, gated: bool = False) -> str:
    """What to know about so many model files; camera: there is a camera LoRA among them.

    gated: they come only to those who have agreed to their terms.
    """
    first = f"{_NUMBERS[files]} files, named in the boxes. ComfyUI can fetch those that are missing.\n\n"
    if gated:
        first = (
            f"{_NUMBERS[files]} files, named in the boxes. They come only to those who are logged in to"
            " Hugging Face and have agreed to the terms at huggingface.co/Lightricks/LTX-2.5. ComfyUI must be"
            " 0.33 or newer.\n\n"
        )
    held = "*Camera* holds the picture still. " if camera else ""
    return f"{first}{held}*Style* is a free place: choose a LoRA, press Ctrl+B to switch it on."


def about_one_stage(side_step_px: int) -> str:
    """What to know about a clip that is made in one stage, with sides of so many pixels times n."""
    return f"""\
**One stage**, at the finished size: no enlarger is loaded. For small clips on small cards.
Keep both sides multiples of {side_step_px}.

The frame rate stands in two places: *Frames per second* and *Empty sound*. Keep them the same."""


ABOUT_STAGES = """**Stage one** films at half size: 768 x 512 becomes 1536 x 1024.
Keep both sides multiples of 32 here.

The frame rate stands in two places: *Frames per second* and *Empty sound*. Keep them the same."""

ABOUT_END = """No sound wanted? Select *Sound* and press Ctrl+M (mute): the file is then saved without."""
