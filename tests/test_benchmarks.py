"""The benchmarks' own workings: they alternate, say how it went, and compare equal answers."""

from __future__ import annotations

import pytest

from benchmarks import report
from benchmarks.onnx_one_row import compare
from ml.spec import ModelKind


def test_sides_take_turns_at_coming_first() -> None:
    order: list[str] = []

    def side(name: str) -> float:
        order.append(name)
        return float(len(order))

    ours, baseline = report.alternate(lambda: side("a"), lambda: side("b"), rounds=3)
    assert "".join(order) == "abbaab"
    assert (ours, baseline) == ([1, 4, 5], [2, 3, 6])


@pytest.mark.parametrize(("holds", "said"), [(True, "holds"), (False, "falls short")])
def test_the_verdict_is_one_line(
    holds: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    report.conclude("loan_page", "1.50x raw", "4.0x", holds)
    assert capsys.readouterr().out == f"loan_page: 1.50x raw (bar 4.0x): {said}\n"


def test_only_what_cannot_be_measured_fails(capsys: pytest.CaptureFixture[str]) -> None:
    def measure() -> None:
        raise report.Unmeasurable("no server: start one")

    with pytest.raises(SystemExit) as ended:
        report.run(measure)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "cannot measure: no server: start one\n"


def test_onnx_and_scikit_learn_give_one_pd_and_onnx_is_faster() -> None:
    kind = ModelKind.LOGISTIC_REGRESSION
    assert compare(kind, rows=800, ours_runs=50, baseline_runs=3) > 1
