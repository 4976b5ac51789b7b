"""Random draws keyed by what they are for, so that the same decision gets the same draw in every scenario.

A draw belongs to (seed, replicate, organisation, intervention, month, purpose). The first four name a *stream*, a
SplitMix64 generator [steele2014]_ with a seed of its own; month and purpose name the position in it. Nothing is
consumed, so the number, order and place of other draws cannot matter: this is what makes comparisons paired
(common random numbers) and the two engines equal.

With the environment variable ``QISPREAD_DRAWS=philox`` the draws come from Philox4x32-10 [salmon2011]_ instead, to
check that no result depends on the choice of generator.
"""

import hashlib
import math
import os
from typing import Any

from qispread.rules.compiling import SIGNED, UNSIGNED, rule

PURPOSES_A_MONTH = 64
(
    LEADER_LEAVES,
    SUCCESSOR,
    DROPPED,
    HEARS,
    BEGINS,
    COPIES_STANDARD,
    REAL_CYCLE,
    REACTIVE_CHANGE,
    SEEN_FIRST,
    SEEN_SECOND,
    GIVES_UP,
    RETURNS,
) = range(12)

# Purposes of month 0, when the world is drawn. Normal draws take two purposes each.
COMMON, FACTORS, SIZE, BASELINE, SETTING, ORIGIN, TARGET, TIE = 0, 2, 20, 22, 24, 28, 29, 30

OBSERVED = 31
"""Of any month: the number of harmful events observed."""

FIRST_FREE = 32
"""From here to the last purpose of a month the package draws nothing: for behaviours of your own."""

MASK = 0xFFFFFFFFFFFFFFFF
LOW_HALF = 0xFFFFFFFF
GOLDEN_GAMMA = 0x9E3779B97F4A7C15
UNIT = 2.0**-52
FULL_TURN = 2.0 * math.pi


Word = Any
"""A 64-bit word: uint64 where it is compiled, int where it is interpreted."""


@rule
def finalise(word: Word) -> Word:
    """Return the SplitMix64 finaliser of a 64-bit word: a bijection in which each input bit moves each output bit.

    Source: steele2014 (the constants are Stafford's variant 13).
    """
    z = UNSIGNED(word)
    z = ((z ^ (z >> UNSIGNED(30))) * UNSIGNED(0xBF58476D1CE4E5B9)) & UNSIGNED(MASK)
    z = ((z ^ (z >> UNSIGNED(27))) * UNSIGNED(0x94D049BB133111EB)) & UNSIGNED(MASK)
    return z ^ (z >> UNSIGNED(31))


@rule
def splitmix64(stream: Word, position: Word) -> Word:
    """Return output number `position` (from 0) of the SplitMix64 generator seeded with `stream`.

    Equation: finalise(stream + (position + 1) * golden gamma mod 2^64). Source: steele2014.
    """
    steps = (UNSIGNED(position) + UNSIGNED(1)) & UNSIGNED(MASK)
    return finalise((UNSIGNED(stream) + steps * UNSIGNED(GOLDEN_GAMMA)) & UNSIGNED(MASK))


@rule
def philox4x32(stream: Word, position: Word) -> Word:
    """Return the first 64 bits of Philox4x32-10 with key `stream` and counter (`position`, 0).

    Words are 32 bits, the lower half of `stream` being the first word of the key. Source: salmon2011.
    """
    first, second = UNSIGNED(position) & UNSIGNED(LOW_HALF), UNSIGNED(position) >> UNSIGNED(32)
    third, fourth = UNSIGNED(0), UNSIGNED(0)
    key, other_key = UNSIGNED(stream) & UNSIGNED(LOW_HALF), UNSIGNED(stream) >> UNSIGNED(32)
    for _ in range(10):
        product, other = first * UNSIGNED(0xD2511F53), third * UNSIGNED(0xCD9E8D57)
        first, second, third, fourth = (
            (other >> UNSIGNED(32)) ^ second ^ key,
            other & UNSIGNED(LOW_HALF),
            (product >> UNSIGNED(32)) ^ fourth ^ other_key,
            product & UNSIGNED(LOW_HALF),
        )
        key = (key + UNSIGNED(0x9E3779B9)) & UNSIGNED(LOW_HALF)
        other_key = (other_key + UNSIGNED(0xBB67AE85)) & UNSIGNED(LOW_HALF)
    return first | (second << UNSIGNED(32))


random_word = philox4x32 if os.environ.get("QISPREAD_DRAWS") == "philox" else splitmix64


@rule
def substream(stream: Word, part: Word) -> Word:
    """Return the stream that belongs to one more part of a key.

    The stream of a decision is that of the seed, then the replicate, the organisation, and the intervention (0 where
    it concerns none), in this order.
    """
    return finalise(finalise(stream) ^ ((UNSIGNED(part) * UNSIGNED(GOLDEN_GAMMA)) & UNSIGNED(MASK)))


@rule
def uniform(stream: Word, month: int, purpose: int) -> float:
    """Return the uniform draw in (0, 1), both ends excluded, of one stream, month (from 0) and purpose (0 to 63)."""
    position = UNSIGNED(month) * UNSIGNED(PURPOSES_A_MONTH) + UNSIGNED(purpose)
    return (float(SIGNED(random_word(stream, position) >> UNSIGNED(12))) + 0.5) * UNIT


@rule
def normal(stream: Word, month: int, purpose: int) -> float:
    """Return a standard normal draw, made from the draws of `purpose` and `purpose` + 1.

    Equation: sqrt(-2 ln U1) cos(2 pi U2). Source: box1958.
    """
    radius = math.sqrt(-2.0 * math.log(uniform(stream, month, purpose)))
    return radius * math.cos(FULL_TURN * uniform(stream, month, purpose + 1))


def key_of(name: str) -> int:
    """Return the 64-bit key of a name, so that a draw depends on who decides and never on the place in a list."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
