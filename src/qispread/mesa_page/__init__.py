"""Mesa's own page: a `SpreadModel` in SolaraViz, for those who know it.

`solara run qispread.mesa_page` opens it, and so does `serve`. Names resolve on first use, so that who has no Solara
gets a sentence and not a traceback.
"""

from typing import TYPE_CHECKING, Any

from qispread.mesa_page.serving import require_solara, serve

__all__ = ["Page", "SpreadPage", "routes", "serve"]

if TYPE_CHECKING:
    from qispread.mesa_page.page import Page, SpreadPage, routes


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'qispread.mesa_page' has no attribute '{name}'")
    require_solara()
    from qispread.mesa_page import page

    return getattr(page, name)
