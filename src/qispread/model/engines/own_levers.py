"""The levers of own policies in the Mesa engine."""

from typing import TYPE_CHECKING

import numpy as np

from qispread.model.engines.practice import set_levers
from qispread.model.world.run_inputs import NO_EPOCH, RunInputs

if TYPE_CHECKING:
    from qispread.model.engines.mesa_model import SpreadModel


class OwnLevers:
    """Sets the levers that own policies move, each month.

    Attributes
    ----------
    epoch : int
        The epoch whose levers the organisations have; that of own policies is the last.
    """

    def __init__(self) -> None:
        self.epoch = NO_EPOCH

    def apply(self, model: "SpreadModel") -> int:
        """Set the levers of a month, and return the epoch that holds them."""
        if not model.composed.policies:
            return model.epoch
        plan = remaining_plan(model)
        epoch = int(model.composed.apply_own_policies(plan, model.export_state(), model.epoch, model.month))
        if epoch == model.epoch == self.epoch:
            return epoch
        self.epoch = epoch
        for index, organisation in enumerate(model.organisations):
            own, practices = plan.organisation_levers[epoch, :, index], plan.practice_levers[epoch, :, :, index]
            set_levers(organisation, own, practices)
        return epoch


def remaining_plan(model: "SpreadModel") -> RunInputs:
    """Return the run inputs with the levers and targets of the remaining organisations only."""
    plan, indices = model.plan, [organisation.index for organisation in model.organisations]
    if len(indices) == model.world.static_world.organisation_count:
        return plan
    return plan._replace(
        organisation_levers=plan.organisation_levers[:, :, indices],
        practice_levers=plan.practice_levers[:, :, :, indices],
        own_targets=plan.own_targets[:, :, indices],
        own_epoch=np.full(1, NO_EPOCH, dtype=np.int64),
    )
