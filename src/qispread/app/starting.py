"""The scenario that the page opens with where none is given."""

from qispread.config.interventions import Intervention
from qispread.config.scenario import Scenario


def default_scenario() -> Scenario:
    """Return PROMPT in the 152 English maternity units: the defaults, under the name that configs/prompt.yaml has."""
    return Scenario(
        name="prompt",
        description="PROMPT spreads from the unit that is readiest for it through the 152 English maternity units.",
        interventions={"prompt": Intervention()},
    )
