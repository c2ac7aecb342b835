"""A scripted server: says exactly the bytes it is told to, and notes when.

For what nginx does not do: broken answers, exact times, requests counted while
they are in flight. It listens on 0.0.0.0, so every address of 127.0.0.0/8 is a
host of its own, and an answer can depend on it.

    with Server({"/": page(b"hello"), "/cut": [b"HTTP/1.1 200 OK\\r\\n"]}) as s:
        s.url("/", "127.0.0.7") ... s.requests
"""
import asyncio
import socket
import struct
import threading
import time

RESET = object()        # a step: close with RST
DRIP_S = 0.05


class Drip:
    """A step: these bytes so many times, with pauses between them."""

    def __init__(self, data, times=1 << 30, pause_s=DRIP_S):
        self.data, self.times, self.pause_s = data, times, pause_s


class Keep(list):
    """Steps after which the connection stays open."""


def page(body=b"", status="200 OK", headers=()):
    """A whole, honest answer."""
    head = ["HTTP/1.1 " + status, "Content-Length: %d" % len(body)]
    if not any(h.lower().startswith("content-type:") for h in headers):
        head.append("Content-Type: text/html; charset=utf-8")
    return Keep([("\r\n".join(head + list(headers)) + "\r\n\r\n").encode() + body])


def slow(wait_s, answer=None):
    """The same, after a while."""
    return Keep([wait_s] + list(answer or page(b"slow")))


def redirect(location, status="302 Found"):
    return page(b"", status, ["Location: " + location])


def links(*targets, head=""):
    """A page that leads to them."""
    body = "".join('<a href="%s">%s</a>\n' % (t, t) for t in targets)
    return page(("<!doctype html><head>%s</head><body>%s" % (head, body)).encode())


class Request:
    def __init__(self, address, connection, head):
        self.at, self.ended = time.monotonic(), None
        self.wall = time.time()
        self.address, self.connection = address, connection
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.path = lines[0].split(" ")[1] if lines[0].count(" ") >= 2 else ""
        self.headers = {name.strip().lower(): value.strip() for name, _, value in
                        (line.partition(":") for line in lines[1:] if line)}

    def __repr__(self):
        return "%.3f %s%s" % (self.at, self.address, self.path)


class Server:
    """`answers`: {path, or (address, path): steps or a function of the request
    that gives them}. A step is bytes to send, seconds to wait, Drip or RESET.
    What is not there is a 404; robots.txt too."""

    def __init__(self, answers, tls=None):
        self.answers, self.tls = answers, tls
        self.requests = []
        self.now, self.most = {}, {}    # in flight, by address
        self.stopping = None
        self.port = None
        started = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self.thread.start()
        if not started.wait(10):
            raise RuntimeError("the scripted server does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopping.set)
        self.thread.join(10)

    def url(self, path="/", address="127.0.0.1"):
        scheme = "https" if self.tls else "http"
        return "%s://%s:%d%s" % (scheme, address, self.port, path)

    def asked(self, address=None, path=None):
        """The requests for an address, a path, or all but robots.txt."""
        return [r for r in self.requests
                if (address is None or r.address == address) and
                (r.path == path if path else r.path != "/robots.txt")]

    # ---- the server's own thread ----

    def _run(self, started):
        asyncio.run(self._serve(started))

    async def _serve(self, started):
        self.loop = asyncio.get_running_loop()
        self.stopping = asyncio.Event()
        server = await asyncio.start_server(self._connection, "0.0.0.0", 0, ssl=self.tls,
                                            backlog=1024, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self.stopping.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _connection(self, reader, writer):
        address = writer.get_extra_info("sockname")[0]
        connection = id(writer)
        try:
            while await self._exchange(reader, writer, address, connection):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError,
                asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader, writer, address, connection):
        head = await reader.readuntil(b"\r\n\r\n")
        request = Request(address, connection, head)
        self.requests.append(request)
        self.now[address] = self.now.get(address, 0) + 1
        self.most[address] = max(self.most.get(address, 0), self.now[address])
        try:
            return await self._play(request, writer)
        finally:
            self.now[address] -= 1
            request.ended = time.monotonic()

    def _answer(self, request):
        for key in ((request.address, request.path), request.path, (request.address, None), None):
            if key in self.answers:
                answer = self.answers[key]
                return answer(request) if callable(answer) else answer
        return page(b"no such page", "404 Not Found")

    async def _play(self, request, writer):
        answer = self._answer(request)
        for step in answer:
            if step is RESET:
                writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                return False
            if isinstance(step, Drip):
                await self._drip(step, writer)
            elif isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            else:
                await asyncio.sleep(step)
        return isinstance(answer, Keep)

    async def _drip(self, step, writer):
        for _ in range(step.times):
            writer.write(step.data)
            await writer.drain()
            if step.pause_s:
                await asyncio.sleep(step.pause_s)
