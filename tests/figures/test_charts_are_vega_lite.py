"""Every chart of a whole report is a valid, plain Vega-Lite specification with its data inside."""

import altair as alt
import pytest

from folders import coached, save_compared, scenario_of
from qispread.figures.figure import specification
from qispread.report import report_of


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    base = scenario_of(replicates=4)
    arms = {"coaching": coached(base), "mandate": base.with_policy("mandate")}
    folder = save_compared(tmp_path_factory.mktemp("results"), base, arms, models=2, factorial=True)
    report = report_of(folder)
    return [report.answer.picture, *(one for part in report.sections for one in part.figures)]


def test_every_chart_is_valid_and_holds_its_own_data(figures):
    for figure in figures:
        found = specification(figure)
        alt.Chart.from_dict(found)
        assert "url" not in str(found["datasets"])
        assert found["datasets"]
        assert isinstance(found["width"], int)
