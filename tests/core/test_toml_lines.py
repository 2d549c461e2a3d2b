"""Where tables and keys stand in a film file."""

from ltxlib.core.toml_lines import REMARKS, blocks_of, lines_of

FILE = '''# The film.
name = "a"
text = """
[not a table]
key = 1
"""
list = [
  [1, 2],
  "]",  # [
]

# About sound.
[sound] # here
even = true

# --- cuts ---

# the first
[[cut]]
scene = "x = # [y]"
# part two

# the second
[[cut]]
"in_s" = 3

# the end
'''


def test_every_key_has_its_line():
    """Tables in a row are counted, and what stands inside of texts and lists is none of them."""
    assert lines_of(FILE) == {
        "name": 2,
        "text": 3,
        "list": 7,
        "sound": 13,
        "sound, even": 14,
        "cut 1": 19,
        "cut 1, scene": 20,
        "cut 2": 24,
        "cut 2, in_s": 25,
    }


def test_blocks_together_are_the_file():
    """Remarks go with the table they stand above; between tables of a list with the second; else alone."""
    blocks = blocks_of(FILE)
    assert "".join(block.text for block in blocks) == FILE
    assert [(block.name, block.listed) for block in blocks] == [
        ("", False),
        ("sound", False),
        (REMARKS, False),
        ("cut", True),
        ("cut", True),
        (REMARKS, False),
    ]
    assert blocks[1].text.startswith("# About sound.")
    assert blocks[3].text.startswith("# the first")
    assert "# part two" in blocks[3].text + blocks[4].text


def test_an_empty_file_is_one_empty_block():
    """Nothing, and remarks alone, are what they are."""
    assert [block.text for block in blocks_of("")] == [""]
    assert lines_of("# only a remark\n") == {}
