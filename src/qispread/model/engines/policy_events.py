"""The events of policies: their start and their end."""

from collections.abc import Iterator

from qispread.inputs.scenario import Scenario


def policy_changes(scenario: Scenario, month: int) -> Iterator[tuple[str, str]]:
    """Yield the event and the name of each policy that starts or has ended in a month."""
    for name, policy in scenario.policies.items():
        if month == policy.start:
            yield "policy starts", name
        if month == (policy.end or scenario.horizon) + 1:
            yield "policy ended", name
