"""Mesa's own page: a `SpreadModel` in SolaraViz.

`solara run qispread.interfaces.mesa_page` opens it, and so does `serve`. Names resolve on first use, so that without
Solara there is a message and not a traceback.
"""

from typing import TYPE_CHECKING, Any

from qispread.interfaces.mesa_page.solara_server import require_solara, serve

__all__ = ["Page", "SpreadPage", "routes", "serve"]

if TYPE_CHECKING:
    from qispread.interfaces.mesa_page.solara_page import Page, SpreadPage, routes


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'qispread.interfaces.mesa_page' has no attribute '{name}'")
    require_solara()
    from qispread.interfaces.mesa_page import solara_page

    return getattr(solara_page, name)
