import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ml.encoding import CategoryColumn, Layout, NumberColumn

LAYOUT = Layout(
    numbers=(
        NumberColumn(feature="plain"),
        NumberColumn(feature="logged", log=True, bounds=(-7.0, 100.0), flagged=True),
        NumberColumn(feature="bent", bounds=(0.0, 10.0), knots=(2.0, 5.0)),
    ),
    categories=(CategoryColumn(feature="kind", levels=("A", "B")),),
)


def test_a_row_worked_by_hand() -> None:
    numbers, texts = LAYOUT.raw(({"plain": 3.5, "logged": 1e9, "bent": 6.0, "kind": "B"},))
    block = LAYOUT.encode(numbers)
    expected = [3.5, math.log(101.0), 6.0, 4.0, 1.0, 0.0]
    assert block.dtype == np.float32
    np.testing.assert_allclose(block[0], np.float32(expected), rtol=1e-7)
    assert texts.tolist() == [["B"]]
    assert LAYOUT.width == 6
    assert LAYOUT.sources() == (0, 1, 2, 2, 2, 1)


def test_missing_stays_missing_and_is_flagged() -> None:
    numbers, texts = LAYOUT.raw(({},))
    block = LAYOUT.encode(numbers)
    assert np.isnan(block[0, :5]).all()
    assert block[0, 5] == 1.0
    assert texts.tolist() == [[""]]


def test_raw_values_are_left_as_they_were() -> None:
    numbers, _ = LAYOUT.raw(({"plain": 1.0, "logged": -50.0, "bent": 99.0},))
    before = numbers.copy()
    LAYOUT.encode(numbers)
    np.testing.assert_array_equal(numbers, before)


def test_the_log_keeps_the_sign() -> None:
    numbers, _ = LAYOUT.raw(({"logged": -50.0},))
    np.testing.assert_allclose(LAYOUT.encode(numbers)[0, 1], -math.log(8.0), rtol=1e-6)


def test_json_keeps_the_layout() -> None:
    assert Layout.from_json(json.loads(json.dumps(LAYOUT.to_json()))) == LAYOUT


values = st.fixed_dictionaries(
    {},
    optional={
        name: st.floats(-1e13, 1e13, allow_subnormal=False) for name in ("plain", "logged", "bent")
    }
    | {"kind": st.sampled_from(["A", "B", "?"])},
)


@given(st.lists(values, min_size=1, max_size=20))
def test_one_row_alone_is_the_same_as_in_a_batch(rows) -> None:
    together = LAYOUT.encode(LAYOUT.raw(rows)[0])
    alone = np.concatenate([LAYOUT.encode(LAYOUT.raw((row,))[0]) for row in rows])
    np.testing.assert_array_equal(together, alone)
