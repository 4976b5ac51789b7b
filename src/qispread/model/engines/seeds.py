"""Seeds and replicates of a `SpreadModel`: whole numbers, generators and seed sequences."""

from typing import Any

import numpy as np

from qispread.inputs.errors import Fault, InputError

SEED_BITS = 63
"""A scenario's seed is below 2^63."""

SEED_REQUIREMENT = f"needed: a whole number from 0 to 2^{SEED_BITS} - 1, a numpy Generator or a SeedSequence"


def read_seed(rng: Any = None, seed: Any = None) -> int:
    """Return the seed from `rng` or, in older Mesa code, from `seed`; random without either.

    Raises
    ------
    InputError
        For both, and for values that are not valid seeds.
    """
    if rng is not None and seed is not None:
        raise InputError([Fault("seed", "got rng and seed; needed: only one of them")])
    name, value = ("rng", rng) if seed is None else ("seed", seed)
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        if not 0 <= value < 2**SEED_BITS:
            raise InputError([Fault(name, f"got {value}; {SEED_REQUIREMENT}")])
        return int(value)
    if isinstance(value, np.random.BitGenerator):
        value = np.random.Generator(value)
    if isinstance(value, np.random.Generator):
        return int(value.integers(2**SEED_BITS))
    if value is None or isinstance(value, list | tuple):
        value = seed_sequence(name, value)
    if isinstance(value, np.random.SeedSequence):
        return int(value.generate_state(1, np.uint64)[0]) >> (64 - SEED_BITS)
    raise InputError([Fault(name, f"got {value!r}; {SEED_REQUIREMENT}")])


def seed_sequence(name: str, numbers: Any) -> np.random.SeedSequence:
    """Return the seed sequence of whole numbers, or a random one for None.

    Raises
    ------
    InputError
        For numbers that are not valid seeds.
    """
    try:
        return np.random.SeedSequence(numbers)
    except (TypeError, ValueError):
        raise InputError([Fault(name, f"got {numbers!r}; {SEED_REQUIREMENT}")]) from None


def read_replicate(value: Any) -> int:
    """Return a validated replicate, from 0.

    Raises
    ------
    InputError
        For anything but a whole number from 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < 2**SEED_BITS:
        raise InputError([Fault("replicate", f"got {value!r}; needed: a whole number from 0")])
    return int(value)
