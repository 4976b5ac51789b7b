"""The keyed draws: published known answers, pinned values, and statistics along each part of the key.

Every statistical test has fixed keys, so that it either always passes or always fails; its threshold is one that a
perfect generator would miss with probability 1e-4 or less.
"""

import inspect
import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from qispread.model.rules import random_draws
from qispread.model.rules.jit import INTERPRETED

FALSE_ALARM = 1e-4
COUNT = 20_000
BINS = 10
TOP = 2**64 - 1


def random_words(number):
    return np.uint64(number)


def build_stream(*parts):
    """Return the stream of a key: the seed and then any of replicate, organisation, intervention."""
    stream = random_words(parts[0])
    for part in parts[1:]:
        stream = random_words(random_draws.substream(stream, random_words(part)))
    return stream


HERE = build_stream(1, 0, random_draws.hash_name("organisation-001"), random_draws.hash_name("prompt"))
NOBODY = build_stream(1, 0, random_draws.hash_name("organisation-001"), 0)
ORGANISATION = random_draws.hash_name("organisation-001")
PROMPT = random_draws.hash_name("prompt")


def draws_by_seed(count):
    return [
        random_draws.uniform(build_stream(seed, 0, ORGANISATION, PROMPT), 7, random_draws.ADOPTS)
        for seed in range(count)
    ]


def draws_by_replicate(count):
    return [
        random_draws.uniform(build_stream(1, number, ORGANISATION, PROMPT), 7, random_draws.ADOPTS)
        for number in range(count)
    ]


def draws_by_organisation(count):
    keys = [random_draws.hash_name(f"organisation-{number:05d}") for number in range(count)]
    return [random_draws.uniform(build_stream(1, 0, key, PROMPT), 7, random_draws.ADOPTS) for key in keys]


def draws_by_intervention(count):
    keys = [random_draws.hash_name(f"intervention-{number}") for number in range(count)]
    return [random_draws.uniform(build_stream(1, 0, ORGANISATION, key), 7, random_draws.ADOPTS) for key in keys]


def draws_by_plain_part(count):
    """Return draws along the last part of a key that is a small number and not the hash of a name."""
    return [
        random_draws.uniform(build_stream(1, 0, ORGANISATION, number), 7, random_draws.ADOPTS)
        for number in range(count)
    ]


def draws_by_month(count):
    return [random_draws.uniform(HERE, month, random_draws.ADOPTS) for month in range(count)]


def draws_by_purpose(count):
    """Return draws purpose by purpose; a key has only 64, so replicate follows replicate."""
    replicates = range(math.ceil(count / random_draws.PURPOSES_PER_MONTH))
    streams = [build_stream(1, number, ORGANISATION, PROMPT) for number in replicates]
    purposes = range(random_draws.PURPOSES_PER_MONTH)
    return [random_draws.uniform(stream, 7, purpose) for stream in streams for purpose in purposes][:count]


SERIES = [
    draws_by_seed,
    draws_by_replicate,
    draws_by_organisation,
    draws_by_intervention,
    draws_by_plain_part,
    draws_by_month,
    draws_by_purpose,
]


@pytest.fixture(scope="module", params=SERIES, ids=lambda series: series.__name__)
def draw_series(request):
    """Draws along one part of the key, the others fixed."""
    return np.array(request.param(COUNT))


def philox_rounds(counter, key, bits):
    """Return the four words of Philox4x32-10 or Philox4x64-10, written from the paper (salmon2011, section 3.3)."""
    multipliers = {32: (0xD2511F53, 0xCD9E8D57), 64: (0xD2E7470EE14C6C93, 0xCA5A826395121157)}[bits]
    bumps = {32: (0x9E3779B9, 0xBB67AE85), 64: (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)}[bits]
    mask = 2**bits - 1
    words = list(counter)
    for turn in range(10):
        keys = [(part + turn * bump) & mask for part, bump in zip(key, bumps, strict=True)]
        products = [multipliers[0] * words[0], multipliers[1] * words[2]]
        words = [
            (products[1] >> bits) ^ words[1] ^ keys[0],
            products[1] & mask,
            (products[0] >> bits) ^ words[3] ^ keys[1],
            products[0] & mask,
        ]
    return words


PUBLISHED_PHILOX = [
    ((0,) * 4, (0,) * 2, (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
"""Counter, key and answer: the file kat_vectors of Random123, philox4x32 with 10 rounds."""

CORNERS = [0, 1, 2**32 - 1, 2**32, 0x243F6A8885A308D3, 2**63, TOP]


def test_splitmix64_gives_its_published_answers():
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [
        int(random_draws.splitmix64(random_words(1234567), random_words(position))) for position in range(5)
    ] == expected


def test_splitmix64_is_the_finaliser_of_a_weyl_sequence():
    state = (987654321 + 3 * 0x9E3779B97F4A7C15) & TOP
    assert int(random_draws.splitmix64(random_words(987654321), random_words(2))) == int(
        random_draws.splitmix64_finalise(random_words(state))
    )


def test_the_finaliser_keeps_zero_and_mixes_one():
    assert int(random_draws.splitmix64_finalise(random_words(0))) == 0
    assert int(random_draws.splitmix64_finalise(random_words(1))) == 6238072747940578789


@pytest.mark.parametrize("bit", range(64))
def test_each_input_bit_of_the_finaliser_moves_about_half_of_the_output_bits(bit):
    words = [int(random_draws.splitmix64(random_words(5), random_words(position))) for position in range(64)]
    moved = [
        (
            int(random_draws.splitmix64_finalise(random_words(one)))
            ^ int(random_draws.splitmix64_finalise(random_words(one ^ (1 << bit))))
        ).bit_count()
        for one in words
    ]
    assert abs(np.mean(moved) - 32.0) < 5.0 * 4.0 / math.sqrt(64)  # five standard errors of a binomial of 64 bits


@pytest.mark.parametrize(("counter", "key", "answer"), PUBLISHED_PHILOX)
def test_the_reference_gives_the_published_answers_of_philox4x32(counter, key, answer):
    assert tuple(philox_rounds(counter, key, 32)) == answer


@pytest.mark.parametrize("seed", range(5))
def test_the_reference_gives_the_answers_of_numpys_philox4x64(seed):
    key = [int(part) for part in np.random.SeedSequence(seed).generate_state(2, np.uint64)]
    numpy_words = np.random.Philox(key=np.array(key, dtype=np.uint64), counter=seed).random_raw(4)
    assert philox_rounds((seed + 1, 0, 0, 0), key, 64) == [int(one) for one in numpy_words]


@pytest.mark.parametrize(("stream", "position"), list(itertools.product(CORNERS, CORNERS)))
def test_philox4x32_is_the_first_half_of_the_reference(stream, position):
    halves = [(number & 0xFFFFFFFF, number >> 32) for number in (position, stream)]
    first, second, _, _ = philox_rounds((*halves[0], 0, 0), halves[1], 32)
    assert int(random_draws.philox4x32(random_words(stream), random_words(position))) == first | (second << 32)


def test_philox4x32_gives_its_published_answer_at_zero():
    assert int(random_draws.philox4x32(random_words(0), random_words(0))) == 0xE169C58D6627E8D5


def test_substreams_are_those_of_today():
    assert int(build_stream(1, 0)) == 8841707400507832957
    assert int(build_stream(1, 1)) == 538020821241227815
    assert int(build_stream(TOP, TOP)) == 12263497661477089985
    assert int(build_stream(1, 0, ORGANISATION)) == 13704671562254868037
    assert int(HERE) == 6830357897830482531
    assert int(NOBODY) == 6401984036316305208


@pytest.mark.skipif(
    random_draws.random_word is not random_draws.splitmix64, reason="QISPREAD_DRAWS chooses another generator"
)
@pytest.mark.parametrize(
    ("month", "purpose", "value"),
    [
        (0, 0, 0.5354003516978515),
        (1, 4, 0.9941285077600696),
        (119, 63, 0.9177753131705729),
        (1000, 7, 0.07908637990427259),
    ],
)
def test_uniform_draws_are_those_of_today(month, purpose, value):
    assert random_draws.uniform(HERE, month, purpose) == value


@pytest.mark.skipif(
    random_draws.random_word is not random_draws.splitmix64, reason="QISPREAD_DRAWS chooses another generator"
)
@pytest.mark.parametrize(("month", "purpose", "value"), [(0, 0, -1.107371398472615), (12, 8, 0.45408373413396436)])
def test_normal_draws_are_those_of_today(month, purpose, value):
    assert random_draws.normal(HERE, month, purpose) == pytest.approx(
        value, rel=1e-14
    )  # the last bits are the C library's


def test_a_uniform_draw_is_the_middle_of_one_of_2_to_the_52_cells():
    bits = int(random_draws.random_word(HERE, random_words(3 * 64 + 5)))
    assert random_draws.uniform(HERE, 3, 5) == ((bits >> 12) + 0.5) / 2**52


def test_the_interval_is_open_at_both_ends():
    smallest, largest = (
        (0 + 0.5) * random_draws.UNIT_INTERVAL_STEP,
        ((TOP >> 12) + 0.5) * random_draws.UNIT_INTERVAL_STEP,
    )
    assert 0.0 < smallest < largest < 1.0
    assert math.isfinite(math.sqrt(-2.0 * math.log(smallest)))


def test_all_draws_lie_inside_the_interval(draw_series):
    assert draw_series.min() > 0.0
    assert draw_series.max() < 1.0


def test_draws_are_uniform_along_each_part_of_the_key(draw_series):
    assert stats.kstest(draw_series, "uniform").pvalue > FALSE_ALARM


def test_no_draw_comes_twice_along_each_part_of_the_key(draw_series):
    assert np.unique(draw_series).size == COUNT


@pytest.mark.parametrize("lag", [1, 2, 12, 64])
def test_neighbours_are_uncorrelated_along_each_part_of_the_key(draw_series, lag):
    correlation = np.corrcoef(draw_series[:-lag], draw_series[lag:])[0, 1]
    assert abs(correlation) < stats.norm.isf(FALSE_ALARM / 2.0) / math.sqrt(COUNT - lag)


@pytest.mark.parametrize("first", [0, 1])
def test_pairs_of_neighbours_fill_the_square_evenly_along_each_part_of_the_key(draw_series, first):
    pairs = draw_series[first : first + 2 * ((COUNT - first) // 2)].reshape(-1, 2)
    cells = np.floor(pairs * BINS).astype(int) @ [BINS, 1]
    assert stats.chisquare(np.bincount(cells, minlength=BINS * BINS)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("bit", [0, 1, 7, 26, 51])
def test_high_and_low_bits_are_even_along_each_part_of_the_key(draw_series, bit):
    ones = np.sum((np.floor(draw_series * 2.0**52).astype(np.uint64) >> random_words(bit)) & random_words(1))
    assert stats.binomtest(int(ones), COUNT).pvalue > FALSE_ALARM


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(SERIES, 2)))
def test_different_parts_of_the_key_are_independent(one, other):
    ours, theirs = np.array(one(2000)), np.array(other(2000))
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < stats.norm.isf(FALSE_ALARM / 2.0) / math.sqrt(ours.size)


def test_normal_draws_are_standard_normal():
    drawn = [
        random_draws.normal(build_stream(1, number, ORGANISATION, PROMPT), 12, random_draws.REVIEW_NOISE)
        for number in range(COUNT)
    ]
    assert stats.kstest(drawn, "norm").pvalue > FALSE_ALARM
    assert abs(np.mean(drawn)) < 4.0 / math.sqrt(COUNT)
    assert abs(np.std(drawn) - 1.0) < 4.0 / math.sqrt(2 * COUNT)


def test_normal_draws_of_neighbouring_months_are_uncorrelated():
    drawn = [random_draws.normal(HERE, month, random_draws.REVIEW_NOISE) for month in range(COUNT)]
    assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < stats.norm.isf(FALSE_ALARM / 2.0) / math.sqrt(COUNT)


def test_a_draw_depends_on_each_part_of_its_key_and_on_their_order():
    keys = [(1, 2, 3, 4), (9, 2, 3, 4), (1, 9, 3, 4), (1, 2, 9, 4), (1, 2, 3, 9), (2, 1, 3, 4), (1, 2, 4, 3), (1, 2, 3)]
    assert len({int(build_stream(*key)) for key in keys}) == len(keys)


PLAIN_FIRST = """
import numpy as np
from qispread.inputs.load_scenario import build_scenario
from qispread.model.rules.random_draws import substream
from qispread.model.world.run_inputs import prepare_scenario
substream(np.uint64(1), 5)
prepare_scenario(build_scenario({"network": {"kind": "small_world"}})).world(0)
"""


@pytest.mark.slow
@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
def test_a_plain_number_as_part_of_a_key_spoils_no_later_network():
    """Numba settles on first use whether a Python int is signed; the key of a name needs all 64 bits."""
    done = subprocess.run([sys.executable, "-c", PLAIN_FIRST], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_keys_of_names_are_those_of_today():
    names = ["organisation-001", "prompt", "", "é"]
    expected = [6227568027004238262, 14832251758147735480, 13020603013274838756, 3394012004367669963]
    assert [random_draws.hash_name(name) for name in names] == expected


def test_keys_of_names_are_distinct_words_of_64_bits():
    keys = {
        random_draws.hash_name(f"{kind}-{number}")
        for kind in ("organisation", "Organisation ")
        for number in range(50_000)
    }
    assert len(keys) == 100_000
    assert min(keys) >= 0
    assert max(keys) <= TOP


def test_purposes_never_share_a_position():
    every_month = range(random_draws.READOPTS + 1)
    first_month = {
        "common": {random_draws.COMMON_FACTOR, random_draws.COMMON_FACTOR + 1},
        "factors": set(range(random_draws.CONTEXT_FACTOR, random_draws.CONTEXT_FACTOR + 14)),
        "size": {random_draws.SIZE, random_draws.SIZE + 1},
        "baseline": {random_draws.BASELINE, random_draws.BASELINE + 1},
        "setting": set(range(random_draws.SETTING, random_draws.SETTING + 4)),
        "others": {random_draws.ORIGIN, random_draws.TARGET, random_draws.TIE, random_draws.OBSERVED_EVENTS},
    }
    assert len(set.union(*first_month.values())) == sum(map(len, first_month.values()))
    assert random_draws.REVIEW_NOISE_SECOND == random_draws.REVIEW_NOISE + 1
    assert random_draws.OBSERVED_EVENTS not in every_month
    assert max(*set.union(*first_month.values()), *every_month) < random_draws.PURPOSES_PER_MONTH


CHECKED_HERE = {"splitmix64_finalise", "splitmix64", "philox4x32", "substream", "uniform", "normal", "hash_name"}


def test_every_public_draw_is_checked_here():
    public = {
        name
        for name, value in vars(random_draws).items()
        if callable(value) and not name.startswith("_") and getattr(value, "__module__", "") == random_draws.__name__
    }
    assert public - {"random_word"} == CHECKED_HERE


@pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")
@pytest.mark.parametrize("name", sorted(CHECKED_HERE - {"hash_name"}))
def test_compiled_draws_equal_interpreted_ones(name):
    compiled = getattr(random_draws, name)
    numbers = [random_words(number) for number in CORNERS]
    arguments = {1: [(one,) for one in numbers], 2: list(itertools.product(numbers, numbers))}.get(
        len(inspect.signature(compiled.py_func).parameters),
        [(one, month, purpose) for one in numbers for month in (0, 1, 480) for purpose in (0, 8, 62)],
    )
    with np.errstate(over="ignore"):
        assert [compiled(*one) for one in arguments] == [compiled.py_func(*one) for one in arguments]
