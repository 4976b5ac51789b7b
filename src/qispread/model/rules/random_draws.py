"""Random draws keyed by their purpose, so that the same decision has the same draw in every scenario.

The key of a draw is (seed, replicate, organisation, intervention, month, purpose). The first four identify a *stream*,
a SplitMix64 generator [steele2014]_ with its own seed; month and purpose give the position in it. A draw does not
depend on the number or order of other draws, so that comparisons are paired (common random numbers) and the two
engines agree (decision 1).

With the environment variable ``QISPREAD_DRAWS=philox`` the draws are from Philox4x32-10 [salmon2011]_ instead, to
check that results do not depend on the generator.
"""

import hashlib
import math
import os
from typing import Any

from qispread.model.rules.jit import TO_INT64, TO_UINT64, rule

PURPOSES_PER_MONTH = 64
(
    LEADER_LEAVES,
    SUCCESSOR,
    DROPPED,
    HEARS,
    ADOPTS,
    COPIES_STANDARD,
    REAL_CYCLE,
    REACTIVE_CHANGE,
    REVIEW_NOISE,
    REVIEW_NOISE_SECOND,
    DISCONTINUES,
    READOPTS,
    PEER_CHOICE,
) = range(13)

# Purposes of month 0, for the initial conditions. Normal draws take two purposes each.
COMMON_FACTOR, CONTEXT_FACTOR, SIZE, BASELINE, SETTING, ORIGIN, TARGET, TIE = 0, 2, 20, 22, 24, 28, 29, 30

OBSERVED_EVENTS = 31
"""Purpose of observed adverse events, in every month."""

FIRST_FREE = 32
"""The first purpose that the package does not use: this and later ones are free for new behaviours."""

MASK_64_BITS = 0xFFFFFFFFFFFFFFFF
LOW_32_BITS = 0xFFFFFFFF
GOLDEN_GAMMA = 0x9E3779B97F4A7C15
UNIT_INTERVAL_STEP = 2.0**-52
TWO_PI = 2.0 * math.pi


Word64 = Any
"""A 64-bit word: uint64 in compiled code, int in interpreted code."""


@rule
def splitmix64_finalise(word: Word64) -> Word64:
    """Return the SplitMix64 finaliser of a 64-bit word: a bijection in which each input bit affects each output bit.

    Source: steele2014 (the constants are Stafford's variant 13).
    """
    z = TO_UINT64(word)
    z = ((z ^ (z >> TO_UINT64(30))) * TO_UINT64(0xBF58476D1CE4E5B9)) & TO_UINT64(MASK_64_BITS)
    z = ((z ^ (z >> TO_UINT64(27))) * TO_UINT64(0x94D049BB133111EB)) & TO_UINT64(MASK_64_BITS)
    return z ^ (z >> TO_UINT64(31))


@rule
def splitmix64(stream: Word64, position: Word64) -> Word64:
    """Return output number `position` (from 0) of the SplitMix64 generator seeded with `stream`.

    Equation: finalise(stream + (position + 1) * golden gamma mod 2^64). Source: steele2014.
    """
    steps = (TO_UINT64(position) + TO_UINT64(1)) & TO_UINT64(MASK_64_BITS)
    return splitmix64_finalise((TO_UINT64(stream) + steps * TO_UINT64(GOLDEN_GAMMA)) & TO_UINT64(MASK_64_BITS))


@rule
def philox4x32(stream: Word64, position: Word64) -> Word64:
    """Return the first 64 bits of Philox4x32-10 with key `stream` and counter (`position`, 0).

    Words are 32 bits, the lower half of `stream` being the first word of the key. Source: salmon2011.
    """
    first, second = TO_UINT64(position) & TO_UINT64(LOW_32_BITS), TO_UINT64(position) >> TO_UINT64(32)
    third, fourth = TO_UINT64(0), TO_UINT64(0)
    key, other_key = TO_UINT64(stream) & TO_UINT64(LOW_32_BITS), TO_UINT64(stream) >> TO_UINT64(32)
    for _ in range(10):
        product, other = first * TO_UINT64(0xD2511F53), third * TO_UINT64(0xCD9E8D57)
        first, second, third, fourth = (
            (other >> TO_UINT64(32)) ^ second ^ key,
            other & TO_UINT64(LOW_32_BITS),
            (product >> TO_UINT64(32)) ^ fourth ^ other_key,
            product & TO_UINT64(LOW_32_BITS),
        )
        key = (key + TO_UINT64(0x9E3779B9)) & TO_UINT64(LOW_32_BITS)
        other_key = (other_key + TO_UINT64(0xBB67AE85)) & TO_UINT64(LOW_32_BITS)
    return first | (second << TO_UINT64(32))


random_word = philox4x32 if os.environ.get("QISPREAD_DRAWS") == "philox" else splitmix64


@rule
def substream(stream: Word64, part: Word64) -> Word64:
    """Return the stream for one more part of a key.

    The parts of a decision's stream are the seed, the replicate, the organisation and the intervention (0 for none),
    in this order.
    """
    return splitmix64_finalise(
        splitmix64_finalise(stream) ^ ((TO_UINT64(part) * TO_UINT64(GOLDEN_GAMMA)) & TO_UINT64(MASK_64_BITS))
    )


@rule
def uniform(stream: Word64, month: int, purpose: int) -> float:
    """Return the uniform draw in (0, 1), both ends excluded, of one stream, month (from 0) and purpose (0 to 63)."""
    position = TO_UINT64(month) * TO_UINT64(PURPOSES_PER_MONTH) + TO_UINT64(purpose)
    return (float(TO_INT64(random_word(stream, position) >> TO_UINT64(12))) + 0.5) * UNIT_INTERVAL_STEP


@rule
def normal(stream: Word64, month: int, purpose: int) -> float:
    """Return a standard normal draw, from the uniform draws of `purpose` and `purpose` + 1.

    Equation: sqrt(-2 ln U1) cos(2 pi U2). Source: box1958.
    """
    radius = math.sqrt(-2.0 * math.log(uniform(stream, month, purpose)))
    return radius * math.cos(TWO_PI * uniform(stream, month, purpose + 1))


def hash_name(name: str) -> int:
    """Return the 64-bit key of a name, so that a draw depends on the name and not on its index in a list."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")
