"""The benchmarks' own workings: they alternate, say how it went, and compare equal answers."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks import load, report
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


async def test_the_load_generator_reads_answers_in_pieces_and_asks_on() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while (await reader.readline()).strip():
                pass
            seen.append(head.split()[1])
            body = b"<" + head.split()[1] + b">"
            for piece in (b"HTTP/1.1 200 OK\r\ncontent-le", b"ngth: %d\r\n\r\n" % len(body), body):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.005)
        writer.close()

    answers: list[bytes] = []

    def work(number: int) -> load.Work:
        answers.append((yield load.request(("GET", f"/{number}/a", None), "token")))
        answers.append((yield load.request(("GET", f"/{number}/b", None), "token")))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await load._run([port], iter([work(1), work(2), work(3)]), 2)
    assert sorted(seen) == [b"/1/a", b"/1/b", b"/2/a", b"/2/b", b"/3/a", b"/3/b"]
    assert sorted(answers) == [b"<%b>" % path for path in sorted(seen)]


async def test_the_load_generator_stops_at_a_refusal() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"data":{"pay":{"errors":[{"code":"OUT_OF_RANGE"}]}}}'
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    def work() -> load.Work:
        yield load.request(("GET", "/", None), "token")

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(report.Unmeasurable, match="OUT_OF_RANGE"):
            await load._run([port], iter([work()]), 1)
