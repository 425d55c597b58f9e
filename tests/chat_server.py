"""A real HTTP server that speaks OpenAI's protocol, and fails in the ways that such servers do."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL = "some/model"


def pieces(*texts: str) -> list[str]:
    """A whole reply as the data of its events."""
    said = [json.dumps({"choices": [{"delta": {"content": text}}]}) for text in texts]
    end = json.dumps({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {}})
    return [*said, end, "[DONE]"]


class Handler(BaseHTTPRequestHandler):
    """Answers as ``server.script`` tells: a status, headers and a body, or pieces of a reply."""

    protocol_version = "HTTP/1.1"
    server: "ChatServer"

    def do_GET(self) -> None:
        models = {"data": [{"id": MODEL}, {"id": "another"}]}
        self.send(200, json.dumps(models) if self.path == "/v1/models" else "no such page")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        if self.path != "/v1/chat/completions":
            return self.send(404, "no such page")
        if body["model"] != MODEL:
            return self.send(404, json.dumps({"error": {"message": "unknown model"}}))
        return self.server.next_step()(self)

    def send(self, status: int, body: str, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def stream(self, events: list[str], pause: float = 0.0) -> None:
        """Without a length, so that the reply ends where the connection does."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            self.wfile.write(f"data: {event}\n\n".encode())
            self.wfile.flush()
            time.sleep(pause)

    def log_message(self, *args: object) -> None:
        pass


Step = Callable[[Handler], None]


class ChatServer(ThreadingHTTPServer):
    """Follows a script, one step a request; the last is repeated."""

    daemon_threads = True

    def __init__(self, *script: Step) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script = list(script) or [says("Yes.")]
        self.requests: list[tuple[str, dict[str, str], dict]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.choice = f"openai:{self.url}#{MODEL}"

    def next_step(self) -> Step:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def handle_error(self, *args: object) -> None:
        """A client that has gone is no news."""


def says(*texts: str, pause: float = 0.0) -> Step:
    return lambda handler: handler.stream(pieces(*texts), pause)


def sends(*events: str) -> Step:
    """Pieces as they are, which may be none."""
    return lambda handler: handler.stream(list(events))


def refuses(status: int, body: str, **headers: str) -> Step:
    return lambda handler: handler.send(status, body, **headers)


def hangs_up(handler: Handler) -> None:
    handler.close_connection = True
    handler.connection.close()


def waits(seconds: float) -> Step:
    return lambda handler: time.sleep(seconds)


@contextmanager
def serving(*script: Step) -> Iterator[ChatServer]:
    server = ChatServer(*script)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
