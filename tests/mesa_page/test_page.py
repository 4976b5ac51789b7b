"""Mesa's page in SolaraViz, without a browser: it is drawn, and says what it is made of."""

import re
import socket

import pytest

import qispread as qs
from all_features import all_features_scenario
from optional import require
from qispread.interfaces import mesa_page
from qispread.interfaces.mesa_page import solara_server
from qispread.interfaces.mesa_page.adjustable_model import slider_label
from result_fixtures import small_scenario


def test_without_solara_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(solara_server, "find_spec", lambda _: None)
    for ask in (mesa_page.serve, lambda: mesa_page.Page):
        with pytest.raises(qs.InputError, match=r"needs Solara: pip install 'qispread\[solara\]'"):
            ask()


def test_there_is_nothing_else():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = mesa_page.nothing


def rendered_text(scenario):
    """Return the words and markup of every widget of the page."""
    solara = require("solara", "solara")
    box, context = solara.render(mesa_page.SpreadPage(scenario), handle_error=False)
    found = context.find().widgets
    texts = [str(getattr(one, name, "")) for one in found for name in ("children", "unsafe_innerHTML")]
    context.close()
    box.close()
    return " ".join(texts)


@pytest.mark.slow
def test_the_map_and_the_curves_of_the_first_month_are_drawn():
    assert "Month 0 of 36: 0% of the other organisations use it." in rendered_text(small_scenario())


@pytest.mark.slow
def test_every_slider_is_explained():
    require("solara", "solara")
    from qispread.interfaces.mesa_page.adjustable_model import build_model_parameters
    from qispread.interfaces.mesa_page.solara_page import render_meaning_table

    base = all_features_scenario()
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', render_meaning_table(base))
    assert [row[0] for row in rows] == [slider_label(path) for path in list(build_model_parameters(base))[3:]]
    told = dict(rows)["copying: copy loss"]
    assert told.startswith("Loss of core components at each copy")
    assert told.endswith("0.6 in the scenario, share; plausible 0.1 to 0.9, allowed [0, 1]; hypothesis.")


@pytest.mark.slow
def test_a_port_that_is_taken_is_refused():
    require("solara", "solara")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(qs.InputError, match="is not available"):
        mesa_page.serve(port=taken.getsockname()[1], open_browser=False)


@pytest.mark.slow
@pytest.mark.parametrize("port", [-1, 70_000])
def test_ports_that_are_none_are_refused(port):
    require("solara", "solara")
    with pytest.raises(qs.InputError, match="needed: a number from 0 to 65535"):
        mesa_page.serve(port=port, open_browser=False)
