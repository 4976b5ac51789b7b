"""Security middleware: Host and Origin checks, size limits and security headers."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from qispread.interfaces.page.request_limits import MAX_BODY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No resources from other hosts, no inline scripts."""
SECURITY_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
MAX_DISCARDED_BODY = 2**16
"""Largest body of a refused request that is still read, in bytes."""
ALLOWED_HOSTS = ("127.0.0.1", "localhost")
"""Accepted Host names; any other name may be DNS rebinding."""


def host_name(address: bytes) -> str:
    """Return the name in an address such as 127.0.0.1:8765."""
    return address.decode("latin-1").rsplit(":", 1)[0].lower()


class SecurityMiddleware:
    """Refuses requests from other origins or hosts, and requests that are too large.

    Parameters
    ----------
    app : ASGI application
    hosts : collection of str
        Accepted Host names.
    """

    def __init__(self, app: "ASGIApp", hosts: Collection[str] = ALLOWED_HOSTS) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Handle or refuse a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *SECURITY_HEADERS]
            await send(message)

        problem = self.find_violation(scope["method"], dict(scope["headers"]))
        if problem:
            await discard_body(receive, dict(scope["headers"]))
            await send_refusal(*problem, send_with_headers)
            return
        await self.app(scope, limit_body(receive), send_with_headers)

    def find_violation(self, method: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Return the status and the reason of a refusal, or None."""
        host = headers.get(b"host", b"")
        if host_name(host) not in self.hosts:
            return 421, "This server is only available on its own computer."
        if method not in ("GET", "HEAD", "POST"):
            return 405, "Only GET and POST are allowed."
        origin = headers.get(b"origin")
        if origin is not None and origin != b"http://" + host:
            return 403, "Requests from other pages are refused."
        if method == "POST" and not headers.get(b"content-type", b"").startswith(b"application/json"):
            return 415, "Requests must be sent as JSON."
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return 413, f"Too large: at most {MAX_BODY / 2**20:g} MB are allowed."
        return None


async def discard_body(receive: "Receive", headers: dict[bytes, bytes]) -> None:
    """Read the rest of a short request, since refusing it unread would reset the connection."""
    length = headers.get(b"content-length", b"0")
    more = length.isdigit() and 0 < int(length) <= MAX_DISCARDED_BODY
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)


def limit_body(receive: "Receive") -> "Receive":
    """Return a receiver that disconnects beyond the largest body, whatever the declared length."""
    received = 0

    async def receive_limited() -> "Message":
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY:
            return {"type": "http.disconnect"}
        return message

    return receive_limited


async def send_refusal(status: int, reason: str, send: "Send") -> None:
    """Send a refusal as plain text."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
