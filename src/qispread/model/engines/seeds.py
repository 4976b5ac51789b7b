"""Seeds and replicates as Mesa's users give them to a `SpreadModel`: whole numbers, generators, seed sequences."""

from typing import Any

import numpy as np

from qispread.inputs.errors import Fault, InputError

SEED_BITS = 63
"""A scenario's seed is below 2^63."""

SEED_REQUIREMENT = f"needed: a whole number from 0 to 2^{SEED_BITS} - 1, a numpy Generator or a SeedSequence"


def read_seed(rng: Any = None, seed: Any = None) -> int:
    """Return the seed that is meant by `rng` or, in older Mesa code, by `seed`; drawn by the system without either.

    Raises
    ------
    InputError
        For both, for a fraction, and for a number that is no seed.
    """
    if rng is not None and seed is not None:
        raise InputError([Fault("seed", "got rng and seed; needed: one of them")])
    name, given = ("rng", rng) if seed is None else ("seed", seed)
    if isinstance(given, int | np.integer) and not isinstance(given, bool):
        if not 0 <= given < 2**SEED_BITS:
            raise InputError([Fault(name, f"got {given}; {SEED_REQUIREMENT}")])
        return int(given)
    if isinstance(given, np.random.BitGenerator):
        given = np.random.Generator(given)
    if isinstance(given, np.random.Generator):
        return int(given.integers(2**SEED_BITS))
    if given is None or isinstance(given, list | tuple):
        given = seed_sequence(name, given)
    if isinstance(given, np.random.SeedSequence):
        return int(given.generate_state(1, np.uint64)[0]) >> (64 - SEED_BITS)
    raise InputError([Fault(name, f"got {given!r}; {SEED_REQUIREMENT}")])


def seed_sequence(name: str, numbers: Any) -> np.random.SeedSequence:
    """Return the seed sequence of some whole numbers, or of none: then the operating system gives it.

    Raises
    ------
    InputError
        For numbers that are no seeds.
    """
    try:
        return np.random.SeedSequence(numbers)
    except (TypeError, ValueError):
        raise InputError([Fault(name, f"got {numbers!r}; {SEED_REQUIREMENT}")]) from None


def read_replicate(given: Any) -> int:
    """Return the replicate that is meant, from 0.

    Raises
    ------
    InputError
        For what is no whole number from 0.
    """
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or not 0 <= given < 2**SEED_BITS:
        raise InputError([Fault("replicate", f"got {given!r}; needed: a whole number from 0")])
    return int(given)
