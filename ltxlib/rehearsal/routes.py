"""The addresses of a rehearsal server. Every one exists with and without /api, except /api/jobs."""

from __future__ import annotations

from typing import Any

from tornado import web

from ltxlib.rehearsal import handlers, handlers_files, handlers_jobs, handlers_user
from ltxlib.rehearsal.answers import NothingHere
from ltxlib.rehearsal.models import FOLDERS
from ltxlib.rehearsal.sockets import ProgressSocket
from ltxlib.rehearsal.state import RehearsalState
from ltxlib.rehearsal.webclient import ClientFile, FrontPage

MAX_BODY_BYTES = 104_857_600

_ASSETS_OFF = {
    "error": {
        "code": "SERVICE_DISABLED",
        "message": "Assets system is disabled. Start the server with --enable-assets to use this feature.",
        "details": {},
    }
}
_FIXED: dict[str, Any] = {
    "/embeddings": [],
    "/users": {"storage": "server", "migrated": True},
    "/i18n": {},
    "/workflow_templates": {},
    "/global_subgraphs": {},
    "/node_replacements": {},
    "/internal/logs/raw": {"entries": [], "size": {"cols": 80, "rows": 24}},
    "/internal/folder_paths": {folder: [] for folder in FOLDERS},
}
_BOTH = [
    (r"/prompt", handlers.Prompt),
    (r"/queue", handlers.Queue),
    (r"/history", handlers.History),
    (r"/history/([^/]+)", handlers.History),
    (r"/interrupt", handlers.Interrupt),
    (r"/free", handlers.Free),
    (r"/system_stats", handlers.SystemStats),
    (r"/object_info", handlers.ObjectInfo),
    (r"/object_info/([^/]+)", handlers.ObjectInfo),
    (r"/models", handlers.Models),
    (r"/models/([^/]+)", handlers.Models),
    (r"/experiment/models", handlers.ModelFiles),
    (r"/experiment/models/([^/]+)", handlers.ModelFiles),
    (r"/features", handlers.Features),
    (r"/extensions", handlers.Extensions),
    (r"/settings", handlers_user.UserSettings),
    (r"/settings/([^/]+)", handlers_user.UserSettings),
    (r"/userdata", handlers_user.UserData),
    (r"/userdata/([^/]+)/move/([^/]+)", handlers_user.UserDataMove),
    (r"/userdata/([^/]+)", handlers_user.UserDataFile),
    (r"/view", handlers_files.View),
    (r"/upload/image", handlers_files.UploadImage),
    (r"/internal/files/([^/]+)", handlers_files.FolderFiles),
    (r"/rehearsal", handlers.About),
    (r"/rehearsal/faults", handlers.Faults),
]
_API_ONLY = [
    (r"/api/jobs", handlers_jobs.Jobs),
    (r"/api/jobs/cancel", handlers_jobs.CancelJobs),
    (r"/api/jobs/([^/]+)/cancel", handlers_jobs.CancelJobs),
    (r"/api/jobs/([^/]+)", handlers_jobs.OneJob),
]


def application(state: RehearsalState) -> web.Application:
    """The tornado application that answers for this state."""
    with_state = {"state": state}
    rules: list[Any] = [(r"(?:/api)?/ws", ProgressSocket, {"hub": state.hub})]
    rules += [(f"(?:/api)?{pattern}", handler, with_state) for pattern, handler in _BOTH]
    rules += [(pattern, handler, with_state) for pattern, handler in _API_ONLY]
    rules += [
        (f"(?:/api)?{path}", handlers.Fixed, {**with_state, "answer": answer})
        for path, answer in _FIXED.items()
    ]
    rules.append((r"/api/assets.*", handlers.Fixed, {**with_state, "answer": _ASSETS_OFF, "status": 503}))
    rules.append((r"/(?:index\.html)?", FrontPage, {**with_state, "folder": state.client_folder}))
    if state.client_folder is not None:
        rules.append((r"/(?!api/)(.+)", ClientFile, {"path": str(state.client_folder)}))
    return web.Application(
        rules,
        default_handler_class=NothingHere,
        default_handler_args=with_state,
        log_function=lambda handler: None,
        websocket_max_message_size=1024 * 1024,
    )
