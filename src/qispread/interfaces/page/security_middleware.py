"""What stands before every answer: who may ask, how much, and what a browser may do with it."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from qispread.interfaces.page.request_limits import MAX_BODY

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Nothing from elsewhere, no code in the page's own text."""
SECURITY_HEADERS = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
MAX_DISCARDED_BODY = 2**16
"""Bytes of a question that are read although it is refused."""
ALLOWED_HOSTS = ("127.0.0.1", "localhost")
"""Under which this computer is asked; any other name was made to point here by somebody else."""


def host_name(address: bytes) -> str:
    """Return the name in an address such as 127.0.0.1:8765."""
    return address.decode("latin-1").rsplit(":", 1)[0].lower()


class SecurityMiddleware:
    """Refuses what does not come from the page itself, and too large questions.

    Parameters
    ----------
    app : ASGI application
    hosts : collection of str
        Names under which it may be asked.
    """

    def __init__(self, app: "ASGIApp", hosts: Collection[str] = ALLOWED_HOSTS) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def dressed(message: "Message") -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *SECURITY_HEADERS]
            await send(message)

        problem = self.find_violation(scope["method"], dict(scope["headers"]))
        if problem:
            await discard_body(receive, dict(scope["headers"]))
            await send_refusal(*problem, dressed)
            return
        await self.app(scope, limit_body(receive), dressed)

    def find_violation(self, method: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        """Return status and reason of a refusal, or None."""
        host = headers.get(b"host", b"")
        if host_name(host) not in self.hosts:
            return 421, "This page answers on this computer alone."
        if method not in ("GET", "HEAD", "POST"):
            return 405, "Only GET and POST are answered."
        origin = headers.get(b"origin")
        if origin is not None and origin != b"http://" + host:
            return 403, "Another page has asked; only this one is answered."
        if method == "POST" and not headers.get(b"content-type", b"").startswith(b"application/json"):
            return 415, "A question is sent as JSON."
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            return 413, f"Too large: at most {MAX_BODY / 2**20:g} MB can be sent."
        return None


async def discard_body(receive: "Receive", headers: dict[bytes, bytes]) -> None:
    """Take the rest of a short question: one that is refused with some of it unread would be cut off, not answered."""
    length = headers.get(b"content-length", b"0")
    more = length.isdigit() and 0 < int(length) <= MAX_DISCARDED_BODY
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)


def limit_body(receive: "Receive") -> "Receive":
    """Return a receiver that takes no more than the largest body, whatever its length was said to be."""
    taken = 0

    async def measured() -> "Message":
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_BODY:
            return {"type": "http.disconnect"}
        return message

    return measured


async def send_refusal(status: int, reason: str, send: "Send") -> None:
    """Send a refusal in plain words."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})
