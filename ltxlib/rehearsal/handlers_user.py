"""What ComfyUI's web client keeps on the server: its settings and the workflows a person saves.

Kept in memory only: a rehearsal server forgets them when it stops.
"""

from __future__ import annotations

import hashlib
import posixpath
from typing import Any

from ltxlib.rehearsal.answers import Answer
from ltxlib.rehearsal.state import UserFile


class UserSettings(Answer):
    """GET and POST /settings, /settings/{id}."""

    def get(self, name: str | None = None) -> None:
        self.say(self.state.user_settings if name is None else self.state.user_settings.get(name))

    def post(self, name: str | None = None) -> None:
        said = self.body_json()
        self.state.user_settings.update(said if name is None else {name: said})
        self.empty()


def _safe(name: str) -> str | None:
    """The name of a user file with its dots resolved; None when it would leave the folder."""
    plain = posixpath.normpath(name.replace("\\", "/"))
    return None if plain.startswith(("/", "..")) else plain


def _described(path: str, file: UserFile) -> dict[str, Any]:
    stamp_ms = int(file.modified_s * 1000)
    return {"path": path, "size": len(file.content), "modified": stamp_ms, "created": stamp_ms}


class UserData(Answer):
    """GET /userdata?dir=: the files of a folder."""

    def get(self) -> None:
        folder = self.get_query_argument("dir", "")
        if not folder:
            self.text("Directory not provided", 400)
            return
        root = _safe(folder)
        if root is None:
            self.empty(403)
            return
        inside = {
            name[len(root) + 1 :]: file
            for name, file in self.state.user_files.items()
            if name.startswith(f"{root}/")
        }
        if not inside:
            self.text("Directory not found", 404)
            return
        if self.get_query_argument("recurse", "") != "true":
            inside = {name: file for name, file in inside.items() if "/" not in name}
        self.say(self._listed(inside))

    def _listed(self, files: dict[str, UserFile]) -> list[Any]:
        if self.get_query_argument("full_info", "") == "true":
            return [_described(name, file) for name, file in files.items()]
        if self.get_query_argument("split", "") == "true":
            return [[name, *name.split("/")] for name in files]
        return list(files)


class UserDataFile(Answer):
    """GET, POST and DELETE /userdata/{file}; the slashes of `file` are percent-encoded."""

    def get(self, name: str) -> None:
        path = self._path(name)
        if path is None:
            return
        file = self.state.user_files.get(path)
        if file is None:
            self.empty(404)
            return
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Disposition", "attachment")
        self.set_header("Etag", f'"{hashlib.sha256(file.content).hexdigest()[:16]}"')
        self.finish(file.content)

    def post(self, name: str) -> None:
        path = self._path(name)
        if path is None:
            return
        if self.get_query_argument("overwrite", "true") == "false" and path in self.state.user_files:
            self.text("File already exists", 409)
            return
        self.state.user_files[path] = UserFile.now(self.request.body)
        self._named(path)

    def delete(self, name: str) -> None:
        path = self._path(name)
        if path is None:
            return
        self.empty(404 if self.state.user_files.pop(path, None) is None else 204)

    def _path(self, name: str) -> str | None:
        path = _safe(name)
        if path is None:
            self.empty(403)
        return path

    def _named(self, path: str) -> None:
        full = self.get_query_argument("full_info", "") == "true"
        self.say(_described(path, self.state.user_files[path]) if full else path)


class UserDataMove(UserDataFile):
    """POST /userdata/{file}/move/{to}."""

    def post(self, name: str, to: str) -> None:  # type: ignore[override]
        source, target = self._path(name), _safe(to)
        if source is None:
            return
        if target is None:
            self.empty(403)
        elif source not in self.state.user_files:
            self.empty(404)
        elif target in self.state.user_files and self.get_query_argument("overwrite", "true") == "false":
            self.text("File already exists", 409)
        else:
            self.state.user_files[target] = self.state.user_files.pop(source)
            self._named(target)
