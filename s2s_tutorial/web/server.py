"""Serve a run on this machine: its page, and translations as JSON.

`GET /` answers with the page and `GET /health` with what the run is. `POST /translate` takes `Question` as JSON and answers
with the values of `Translation.to_dict`. An error is answered as `{"error": "…"}`. Only programs on this machine can connect.
Pages of other sites cannot ask either: their requests have another Host or Origin, or a body that is not declared as JSON.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from socket import create_server, socket
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from tornado.httpserver import HTTPServer
from tornado.httputil import responses
from tornado.web import Application, HTTPError, RequestHandler, StaticFileHandler

from s2s_tutorial.translation.translator import Translator

ADDRESS = "127.0.0.1"  # the server listens on this address only
NAMES = {ADDRESS, "localhost"}  # names by which requests may call it; a Host of another site is refused
MOST_CHARACTERS = 2_000  # of a text, as on the page
MOST_BEAM = 20
MOST_WAITING = 8  # requests that wait while another one is translated
MOST_PER_MINUTE = 600  # requests for translations
MOST_BYTES = 32 << 10  # of a request's body
MOST_READ = 1 << 20  # bytes of a body after which the connection is closed
SECONDS = 30.0  # in which a request must arrive, and after which an idle connection is closed
HEADERS = {
    "Server": "s2s-tutorial",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; script-src 'self' blob:; worker-src blob:; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'",
}  # the page's worker is made of the source of its scripts


class Question(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A request for a translation.

    Attributes:
        text: Text to translate.
        beam: Number of hypotheses that beam search keeps; the answer has all of them. 1 is greedy search.
        attention: Whether the answer has the attention weights.
        split: Whether to split the text into sentences.
    """

    text: Annotated[str, Meta(max_length=MOST_CHARACTERS)]
    beam: Annotated[int, Meta(ge=1, le=MOST_BEAM)] = 1
    attention: bool = False
    split: bool = True


class Rate:
    """A limit on the number of requests in a minute.

    Args:
        most: Largest number.
        now: Clock, in seconds.
    """

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self.most, self.now = most, now
        self.times: deque[float] = deque()  # of the requests of the last minute

    def wait(self) -> float:
        """Count a request and return 0; or return the seconds after which one is allowed again, and count nothing."""
        now = self.now()
        while self.times and self.times[0] <= now - 60.0:
            self.times.popleft()
        if len(self.times) >= self.most:
            return self.times[0] + 60.0 - now
        self.times.append(now)
        return 0.0


class RefusedError(HTTPError):
    """A request that is not answered; the message says why, and what to do."""

    def __init__(self, status: int, message: str, retry_after: float = 0.0) -> None:
        super().__init__(status)
        self.message, self.retry_after = message, retry_after


class Guarded(RequestHandler):
    """The checks and the form of errors that all answers share."""

    def set_default_headers(self) -> None:
        """Set headers that keep other sites away from the answer."""
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        """Refuse requests that were sent to another name, or by the page of another site.

        Raises:
            RefusedError: Host or Origin is not this server.
        """
        origin = self.request.headers.get("Origin")
        if self.request.host_name not in NAMES:
            raise RefusedError(
                403, f"this server answers to {' and '.join(sorted(NAMES))} only: use one of these addresses"
            )
        if origin is not None and origin.partition("://")[2] != self.request.host:
            raise RefusedError(403, "this server does not answer pages of other sites: use its own page")

    def answer(self, values: dict[str, Any]) -> None:
        """Answer with values as JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(msgspec.json.encode(values))

    def write_error(self, status_code: int, **more: Any) -> None:
        """Answer with an error as JSON, without a traceback."""
        error = more.get("exc_info", (None, None, None))[1]
        message = responses.get(status_code, "error").lower()
        if isinstance(error, RefusedError):
            message = error.message
            if error.retry_after:
                self.set_header("Retry-After", str(int(error.retry_after) + 1))
        elif status_code == 405:
            message = f"{self.request.path} does not take {self.request.method}: see s2s-tutorial serve --help"
        elif status_code == 404:
            message = "there is no such page: the page is at /, translations are at /translate"
        elif status_code >= 500:
            message = "the server failed; its terminal shows why"
        self.answer({"error": message})


class PageHandler(Guarded, StaticFileHandler):
    """The files of the page."""

    def set_extra_headers(self, path: str) -> None:
        """Let browsers ask each time whether a file has changed, because another run may be served at the same address."""
        self.set_header("Cache-Control", "no-cache")


class MissingHandler(Guarded):
    """The answer for addresses that do not exist."""

    def prepare(self) -> None:
        """Refuse the request.

        Raises:
            HTTPError: Always.
        """
        super().prepare()
        raise HTTPError(404)


class HealthHandler(Guarded):
    """The answer to whether the server is ready, and what it serves."""

    def initialize(self, about: dict[str, Any]) -> None:
        """Take the values to answer with."""
        self.about = about

    def get(self) -> None:
        """Answer."""
        self.answer({"status": "ok", **self.about})


class TranslateHandler(Guarded):
    """Translations."""

    def initialize(self, desk: Desk) -> None:
        """Take the desk that translates."""
        self.desk = desk

    async def post(self) -> None:
        """Answer with the translation of a `Question`.

        Raises:
            RefusedError: The request cannot be answered.
        """
        self.answer(await self.desk.translate(self.question()))

    def question(self) -> Question:
        """Read the request's body.

        Raises:
            RefusedError: It is not a `Question` as JSON.
        """
        kind = self.request.headers.get("Content-Type", "").split(";")[0].strip().lower()
        if kind != "application/json":
            raise RefusedError(415, "the body must be JSON: send it with the header Content-Type: application/json")
        if len(self.request.body) > MOST_BYTES:
            raise RefusedError(413, f"the body has {len(self.request.body):,} bytes, at most {MOST_BYTES:,} are read")
        try:
            return msgspec.json.decode(self.request.body, type=Question)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RefusedError(400, f'{error}: expected JSON such as {{"text": "…", "beam": 1}}') from None


class Desk:
    """Translate one request after another, and refuse those that are too many.

    Args:
        translator: The model.
        most_per_minute: Largest number of requests in a minute.
    """

    def __init__(self, translator: Translator, most_per_minute: int = MOST_PER_MINUTE) -> None:
        self.translator, self.rate, self.waiting = translator, Rate(most_per_minute), 0
        self.worker = ThreadPoolExecutor(1)  # a translation uses all cores by itself

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *error: object) -> None:
        """End the thread that translates."""
        self.worker.shutdown()

    async def translate(self, question: Question) -> dict[str, object]:
        """Translate a text.

        Raises:
            RefusedError: There are too many requests, or the text cannot be translated.
        """
        if seconds := self.rate.wait():
            raise RefusedError(429, f"more than {self.rate.most:,} requests in a minute: wait {seconds:.0f} s", seconds)
        if self.waiting > MOST_WAITING:
            raise RefusedError(503, f"{self.waiting} other requests are waiting: try again later", 1.0)
        self.waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self.worker, self._translate, question)
        except ValueError as error:  # a SentenceError, or a beam larger than the vocabulary
            raise RefusedError(422, str(error)) from None
        finally:
            self.waiting -= 1

    def _translate(self, question: Question) -> dict[str, object]:
        self.translator.check_readable(question.text, question.split)
        found = self.translator.translate(question.text, question.beam, split=question.split)
        return found.to_dict(attention=question.attention)


def listen(port: int) -> socket:
    """Open a port of this machine; 0 opens a free one.

    Raises:
        ValueError: It cannot be opened.
    """
    try:
        opened = create_server((ADDRESS, port))
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(
            f"port {port} cannot be opened ({reason}): choose another (--port), or 0 for a free one"
        ) from None
    opened.setblocking(False)
    return opened


def build_application(folder: Path, desk: Desk, about: dict[str, Any]) -> Application:
    """Build the application of a page's folder, a desk, and what `/health` answers."""
    return Application(
        [
            ("/health", HealthHandler, {"about": about}),
            ("/translate", TranslateHandler, {"desk": desk}),
            ("/(|index.html|(?:web|models)/[^/]+)", PageHandler, {"path": folder, "default_filename": "index.html"}),
        ],
        default_handler_class=MissingHandler,
        log_function=lambda handler: None,  # what people translate is not written down
    )


async def serve(application: Application, opened: socket, stop: asyncio.Event) -> None:
    """Answer requests until `stop` is set, or until Ctrl-C or a request to terminate; then close all connections."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # on Windows, and outside the main thread
            loop.add_signal_handler(number, stop.set)
    server = HTTPServer(
        application,
        max_body_size=MOST_READ,
        max_header_size=MOST_BYTES,
        body_timeout=SECONDS,
        idle_connection_timeout=SECONDS,
    )
    server.add_socket(opened)
    try:
        await stop.wait()
    finally:
        server.stop()
        await server.close_all_connections()
