"""Asks Hugging Face about one file by one cheap request: is it there, how large is it, may we have it.

Its errors become HubError here, each with the page to open and the button to press there.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from ltxlib.core import catalog
from ltxlib.core.catalog_parts import ModelFile
from ltxlib.errors import HubError, NotAllowed, NotReached

HOME = "https://huggingface.co"
TOKENS_PAGE = f"{HOME}/settings/tokens"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Remote:
    """A file as Hugging Face has it now. url: where its bytes come from, for some minutes; own_host: whether
    that is Hugging Face itself, which is then told the token; sha256 None: it did not say."""

    url: str
    size_bytes: int
    sha256: str | None
    mark: str
    own_host: bool


def ask(file: ModelFile, token: str | None = None, endpoint: str | None = None) -> Remote:
    """What Hugging Face says of a file. endpoint: another address of the same kind (HF_ENDPOINT).

    Raises HubError: not there any more, terms not accepted, token missing or wrong, nobody answers.
    """
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    address = hf_hub_url(file.hf_repo, file.path or file.name, endpoint=endpoint)
    keep_quiet()
    with hub_errors(file, token, endpoint):
        told = get_hf_file_metadata(address, token=token or False, endpoint=endpoint, retry_on_errors=True)
    if told.size is None or not told.etag:
        raise HubError(
            f"Hugging Face did not say how large {file.name} is.", cure="Try again in some minutes."
        )
    return Remote(
        url=told.location,
        size_bytes=told.size,
        sha256=told.etag if _SHA256.fullmatch(told.etag) else None,
        mark=re.sub(r"[^0-9A-Za-z]", "", told.etag)[:16],
        own_host=urlsplit(told.location).netloc == urlsplit(address).netloc,
    )


def keep_quiet() -> None:
    """What the library logs of each try would stand in the notebook, and may name signed addresses, which are
    as good as a key."""
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def page_of(file: ModelFile) -> str:
    """The page of the file's repository, where terms are accepted."""
    return f"{HOME}/{file.hf_repo}"


@contextmanager
def hub_errors(file: ModelFile, token: str | None, endpoint: str | None = None) -> Iterator[None]:
    """Turns the errors of huggingface_hub and of the network into HubError, in a creator's words."""
    import httpx
    from huggingface_hub import errors

    try:
        yield
    except errors.GatedRepoError as error:
        raise _gated(file, token) from error
    except (errors.RemoteEntryNotFoundError, errors.RevisionNotFoundError) as error:
        raise _gone(file, token, endpoint) from error
    except errors.RepositoryNotFoundError as error:
        raise (_wrong_token(file) if _status(error) == 401 and token else _no_repository(file)) from error
    except errors.HfHubHTTPError as error:
        raise _refused(file, token, _status(error)) from error
    except httpx.HTTPError as error:
        raise NotReached(
            f"{file.name} could not be fetched: Hugging Face does not answer ({type(error).__name__}).",
        ) from error


def _status(error: Exception) -> int:
    return int(getattr(getattr(error, "response", None), "status_code", 0))


def _gated(file: ModelFile, token: str | None) -> NotAllowed:
    page = page_of(file)
    if token:
        return NotAllowed(
            f"{file.name} is given only to those who have agreed to its terms, and the account of this token "
            "has not.",
            cure=f"Log in, open {page} and press Agree; then go on here.",
        )
    return NotAllowed(
        f"{file.name} is given only to those who are logged in and have agreed to its terms.",
        cure=f"Open {page}, log in and press Agree; make a token of type Read at {TOKENS_PAGE} and paste it "
        "here.",
    )


def _wrong_token(file: ModelFile) -> NotAllowed:
    return NotAllowed(
        f"Hugging Face does not know this token, so {file.name} cannot be fetched.",
        cure=f"Make a new token of type Read at {TOKENS_PAGE} and paste it here, without blanks.",
    )


def _no_repository(file: ModelFile) -> HubError:
    return HubError(
        f"Hugging Face has no repository {file.hf_repo} (any more), from which {file.name} came.",
        cure=f"Update the kit. Or look at {HOME}/{file.hf_repo.split('/')[0]} for its new name and put the "
        f"file into models/{file.folder}/ by hand.",
    )


def _gone(file: ModelFile, token: str | None, endpoint: str | None) -> HubError:
    instead = catalog.shipped().instead_of(file.name)
    if instead is not None:
        return HubError(
            f"{file.name} is not in {file.hf_repo} any more.",
            cure=f"There is {instead.takes} instead: {instead.how}.",
        )
    near = _alike(file, token, endpoint)
    hint = f" There is {near} now; the kit does not know whether it does the same." if near else ""
    return HubError(
        f"{file.name} is not in {file.hf_repo} any more: it was renamed or taken away.{hint}",
        cure=f"Update the kit. Or look at {page_of(file)}/tree/main and put the file into "
        f"models/{file.folder}/ by hand.",
    )


def _alike(file: ModelFile, token: str | None, endpoint: str | None) -> str:
    """The name in the repository that is most like the one that is gone, empty where none is."""
    import httpx
    from huggingface_hub import HfApi, errors

    try:
        names = HfApi(endpoint=endpoint, token=token or False).list_repo_files(file.hf_repo)
    except (errors.HfHubHTTPError, httpx.HTTPError):
        return ""
    return next(iter(difflib.get_close_matches(file.path or file.name, names, 1, 0.8)), "")


def _refused(file: ModelFile, token: str | None, status: int) -> HubError:
    if status == 401 and token:
        return _wrong_token(file)
    if status == 429:
        return NotReached(
            f"Hugging Face asks us to wait before it gives {file.name}.",
            cure="Go on in some minutes; with a token it lets more through.",
        )
    if status in (401, 403):
        return NotAllowed(
            f"Hugging Face refuses to give {file.name} ({status}).",
            cure=f"Open {page_of(file)} and look whether it asks for something; a token may lack "
            "the right to read gated files.",
        )
    kind = NotReached if status >= 500 else HubError
    return kind(
        f"Hugging Face answered {status} instead of {file.name}.",
        cure="Go on in some minutes: what is here already is kept.",
    )


def kept_token() -> str | None:
    """The token of this machine: HF_TOKEN, else the one in Hugging Face's own store; None without any."""
    from huggingface_hub import get_token

    return get_token()
