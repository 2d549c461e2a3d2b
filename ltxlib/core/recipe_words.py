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

_NUMBERS = {3: "Three", 4: "Four", 5: "Five", 6: "Six"}


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
