"""Listen: API calls, hosted pages and the control API behind one port."""

import json
import logging
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from . import upkeep
from .control import Control
from .delivery import Deliverer
from .faults import ConnectionLost, Faults
from .gateway import Answer, Gateway, Request
from .hosted import Hosted
from .simulator import Simulator

LARGEST_BODY = 1 << 20
log = logging.getLogger("stripe_simulator")


class Server(ThreadingHTTPServer):
    """Hold the parts that all requests share."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sim: Simulator) -> None:
        self.sim = sim
        self.faults = Faults()
        self.deliverer = Deliverer(sim)
        self.gateway = Gateway(sim, self.faults)
        self.hosted = Hosted(sim)
        self.control = Control(sim, self.deliverer, self.faults)
        self.stopping = threading.Event()
        super().__init__(address, Handler)

    def begin(self) -> None:
        """Start what runs beside the requests."""
        self.deliverer.start()
        threading.Thread(target=self._upkeep, daemon=True, name="upkeep").start()

    def _upkeep(self) -> None:
        while not self.stopping.wait(1):
            upkeep.run(self.sim)

    def finish(self) -> None:
        """Stop everything and close the store."""
        self.stopping.set()
        self.deliverer.close()
        self.server_close()
        self.sim.store.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about callers that hung up."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            log.exception("a request failed")


class Handler(BaseHTTPRequestHandler):
    """Read a request, hand it on, write the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Read."""
        self._serve()

    def do_POST(self) -> None:
        """Write."""
        self._serve()

    def do_DELETE(self) -> None:
        """Remove."""
        self._serve()

    def do_HEAD(self) -> None:
        """Read the headers."""
        self._serve()

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_BODY:
            self.close_connection = True
            self._write(
                Answer(
                    413, b'{"error": {"type": "invalid_request_error", "message": "The body is too large."}}'
                )
            )
            return
        body = self.rfile.read(length) if length else b""
        url = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, url.path, url.query, headers, body)
        try:
            self._write(self._dispatch(request))
        except ConnectionLost:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        except ConnectionError:
            self.close_connection = True
        except Exception:
            log.exception("%s %s", self.command, url.path)
            self._write(
                Answer(
                    500,
                    json.dumps(
                        {"error": {"type": "api_error", "message": "The simulator broke; see its log."}}
                    ).encode(),
                )
            )

    def _dispatch(self, request: Request) -> Answer:
        if request.path.startswith(("/v1/", "/v2/")):
            return self.server.gateway.answer(request)
        if request.path.startswith("/_sim"):
            return self.server.control.answer(request, self.client_address[0])
        return self.server.hosted.answer(request)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log to the simulator's own log, where a level decides."""
        log.debug(format, *args)
