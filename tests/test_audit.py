"""What `./kit test` makes of pip-audit's answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.audit import NOT_AUDITED, audit, read


@contextmanager
def osv_service(faulty: str, fixed: str | None) -> Iterator[str]:
    """An OSV service on loopback that knows one vulnerability, of the package named."""

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
            events = [{"introduced": "0"}, *([{"fixed": fixed}] if fixed else [])]
            affected = {"package": asked, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
            vulns = [{"id": "PYSEC-2026-1", "summary": "Bad.", "affected": [affected]}]
            body = json.dumps({"vulns": vulns} if asked["name"] == faulty else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_vulnerability_that_a_newer_version_mends_is_told_by_name() -> None:
    """The package, the number and the version that mends it; such a thing fails the run."""
    with osv_service("requests", "99.0") as url:
        found = audit(url)
    assert found.audited > 50
    assert [line.endswith("PYSEC-2026-1; mended in 99.0.") for line in found.must_be_mended] == [True]
    assert found.must_be_mended[0].startswith("requests ")


def test_packages_without_a_known_vulnerability_are_well() -> None:
    """Where nothing is known against any package, that is said with how many were asked about."""
    with osv_service("no-such-package", None) as url:
        found = audit(url)
    assert not found.must_be_mended and not found.without_cure
    assert "none with a known vulnerability" in found.told[0]


def test_a_service_that_cannot_be_reached_is_not_taken_for_a_clean_bill() -> None:
    """Where nobody can be asked, or nobody knows a single package, that is said loudly."""
    assert audit("http://127.0.0.1:9/v1/query").told == (NOT_AUDITED,)
    assert read([{"name": "requests", "skip_reason": "unknown"}]).told == (NOT_AUDITED,)


def test_what_no_version_mends_is_told_but_stops_nobody() -> None:
    """A vulnerability without a cure is said, and is no failure."""
    fault = {"id": "PYSEC-2026-2", "fix_versions": []}
    found = read([{"name": "thing", "version": "1.0", "vulns": [fault]}])
    assert not found.must_be_mended
    assert found.told[-1] == "thing 1.0 has the known vulnerability PYSEC-2026-2; no version mends it yet."
