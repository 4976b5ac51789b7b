"""An event loop in a thread of its own, since a browser keeps one running in the thread of the tests."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def run_in_event_loop(make):
    """Return what a coroutine returns; `make` makes it inside the loop."""

    async def whole():
        return await make()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, whole()).result()
