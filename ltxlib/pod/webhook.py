"""A word to the creator's phone: one message to Discord, Slack, ntfy or anything that takes JSON.

Whoever has such an address may write to it, so addresses are secrets too: only their host is ever shown.
Shapes of the messages: Discord's "Execute Webhook" (content, at most 2,000 characters), Slack's incoming
webhooks (text, with & < > escaped), ntfy's publishing as JSON (topic, title, message, priority from 1 to 5).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from ltxlib import __version__

VARIABLE = "LTX_NOTIFY"
_TIMEOUT_S = 10.0
_TRIES = 2
_DISCORD_MOST = 2000


@dataclass(frozen=True)
class Note:
    """One message: a title, plain text, and whether somebody should get up for it."""

    title: str
    text: str
    urgent: bool = False


@dataclass(frozen=True)
class Sent:
    """What came of one address: its host, and why it did not take the message (empty when it did)."""

    host: str
    fault: str = ""


def addresses(text: str | None = None) -> tuple[str, ...]:
    """The addresses in a text, or in LTX_NOTIFY, apart by spaces or commas."""
    given = os.environ.get(VARIABLE, "") if text is None else text
    return tuple(dict.fromkeys(word for word in re.split(r"[\s,]+", given) if word))


def send(note: Note, to: tuple[str, ...]) -> tuple[Sent, ...]:
    """Send a note to each address; nothing is raised, since no message is worth a night."""
    return tuple(_send(note, address) for address in to)


def _send(note: Note, address: str) -> Sent:
    looked = _host_of(address)
    host = looked.host
    if looked.fault:
        return looked
    url, body = _message(note, address)
    fault = ""
    for _ in range(_TRIES):
        try:
            answer = requests.post(
                url,
                json=body,
                headers={"User-Agent": f"ltx-kit/{__version__}"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            fault = f"It could not be reached ({type(error).__name__})."
            continue
        if answer.ok:
            return Sent(host)
        fault = f"It answered {answer.status_code}."
        if answer.status_code < 500:
            break
    return Sent(host, fault)


def _host_of(address: str) -> Sent:
    """The host of an address, and why nothing may be sent there: others on the way could read along."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        host = ""
    if not host:
        return Sent("that address", "It is no address of the web.")
    here = parts.scheme == "http" and host in ("127.0.0.1", "::1", "localhost")
    fault = "" if parts.scheme == "https" or here else "The address must begin with https."
    return Sent(host, fault)


def looked_at(address: str) -> Sent:
    """Whether an address can be one, by its shape alone; nothing is sent."""
    found = _host_of(address)
    if found.fault:
        return found
    host, path = found.host, urlsplit(address).path.strip("/")
    shapes = (
        (host.endswith(("discord.com", "discordapp.com")), path.startswith("api/webhooks/")),
        (host == "hooks.slack.com", path.startswith(("services/", "workflows/", "triggers/"))),
        (host.startswith("ntfy."), bool(path) and "/" not in path),
    )
    if any(meant and not right for meant, right in shapes):
        return Sent(host, "The address is not whole: something is missing behind the host's name.")
    return found


def _message(note: Note, address: str) -> tuple[str, dict[str, Any]]:
    """Where to post and what, as that service wants it."""
    parts = urlsplit(address)
    host, path = parts.hostname or "", parts.path.strip("/")
    if host.endswith(("discord.com", "discordapp.com")):
        content = f"**{note.title}**\n{note.text}"
        # A scene called @everyone wakes nobody.
        return address, {"content": content[:_DISCORD_MOST], "allowed_mentions": {"parse": []}}
    if host.endswith("slack.com"):
        return address, {"text": f"*{_slack(note.title)}*\n{_slack(note.text)}"}
    if host.startswith("ntfy.") and path and "/" not in path:
        body = {"topic": path, "title": note.title, "message": note.text, "priority": 5 if note.urgent else 3}
        return f"{parts.scheme}://{parts.netloc}/", body
    return address, {"title": note.title, "text": note.text, "urgent": note.urgent, "from": "ltx-kit"}


def _slack(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
