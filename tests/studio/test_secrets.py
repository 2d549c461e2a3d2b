"""What must never be written down."""

import json

import pytest

from ltxlib.studio.secrets import clean_file, hide, hide_in, secrets
from tests.support.nights import SECRETS

HOOK = "https://ntfy.example/very-private-topic"


@pytest.fixture(autouse=True)
def planted(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LTX_NOTIFY", f"{HOOK}, https://hooks.example/B/two")


def test_keys_tokens_and_addresses_are_hidden():
    """Every secret of the environment goes out of a text, an address whole or in part of its list."""
    text = f"Bearer {SECRETS['RUNPOD_API_KEY']} to {HOOK} with {SECRETS['HF_TOKEN']}"
    assert hide(text) == "Bearer (secret) to (secret) with (secret)"


def test_plain_words_stay():
    """Short values and variables of other names are no secrets."""
    environment = {
        "API_KEY": "none",
        "TOKENIZERS_PARALLELISM": "true-and-long",
        "MONKEY_NAME": "albert-the-ape",
    }
    assert secrets(environment) == ()


def test_nested_values_are_hidden():
    """Lists and objects are gone through; numbers stay numbers."""
    key = SECRETS["HF_TOKEN"]
    assert hide_in({"a": [key, 3, None], "b": {"c": f"x{key}"}}) == {
        "a": ["(secret)", 3, None],
        "b": {"c": "x(secret)"},
    }


def test_a_file_of_another_program_is_cleaned_and_stays_json(tmp_path):
    """Secrets go out of it also where JSON writes them otherwise; a file without any is not touched."""
    path = tmp_path / "executed.ipynb"
    path.write_text(json.dumps({"said": list(SECRETS.values())}))
    clean_file(path)
    assert json.loads(path.read_text()) == {"said": ["(secret)"] * len(SECRETS)}
    before = path.stat().st_mtime_ns
    clean_file(path)
    assert path.stat().st_mtime_ns == before
    clean_file(tmp_path / "never.ipynb")
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    clean_file(tmp_path / "picture")
