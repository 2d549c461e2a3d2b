"""The ground: brings a notebook that runs on any Python into the kit's own, with the standard library alone.

On a fresh pod there is nothing but the image's Python: no package of the kit's, no kernel of its name. What
lies here must therefore work before anything is installed. The notebooks' first cells call `ready` (in
01: makes what is missing) and `enter` (in the others: takes what is there, or says where to begin).
"""

from ltxlib.ground.entering import enter
from ltxlib.ground.setting_up import ready

__all__ = ["enter", "ready"]
