"""Every chart of a whole report is a valid, plain Vega-Lite specification with its data inside."""

from qispread.outputs.figures.figure import CHART_CONFIG, vega_specification


def test_every_chart_is_valid_and_holds_its_own_data(written_report):
    figures = [
        written_report.report.headline.chart,
        *(one for part in written_report.report.sections for one in part.figures),
    ]
    for figure in figures:
        valid = figure.chart.to_dict(validate=True)
        found = vega_specification(figure)
        assert found["layer"] == valid["layer"]
        assert found["config"] == CHART_CONFIG
        assert found["datasets"]
        assert "url" not in str(found)
        assert isinstance(found["width"], int)
