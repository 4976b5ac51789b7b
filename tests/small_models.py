"""Small Mesa models for tests, and what they measured."""

import numpy as np

import qispread as qs


def small(**changes):
    """Return a scenario of 20 organisations and 6 months, with top-level values changed."""
    sizes = {"organisations.number": 20, "organisations.partnerships": 4, "organisations.regions": 2}
    return qs.Scenario().replace(sizes, **{"horizon": 6, **changes})


def measures(model):
    """Return the bytes of all measures of a model."""
    return np.array(model.measures).tobytes()


def finished(*arguments, **named):
    """Return a model that has run up to its horizon."""
    model = qs.SpreadModel(*arguments, **named)
    model.run_model()
    return model
