"""`liudai import-payments`: a file from the disk into the database, in one line an error."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from domain.models.lending.payment import PaymentFile, PaymentFileLine
from domain.models.records import Job
from domain.rules.jobs import JobState
from domain.rules.lending.payment_states import FileState
from tests import servers
from tests.lender import Lender, key
from tests.payment_samples import camt, csv_bytes, csv_text, entry, row


@pytest.fixture(autouse=True)
def redis_of_the_tests(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("LIUDAI_REDIS_URL", servers.REDIS_URL)


async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as an operator gives it, on the test's database."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "liudai", "import-payments", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )


async def test_a_long_file_is_stored_checked_and_queued(lender: Lender, tmp_path: Path) -> None:
    tag = key()
    path = tmp_path / "long.csv"
    path.write_bytes(csv_bytes([row(f"{tag}-{n}") for n in range(5_500)]))
    by = lender.cashier.subject
    done = await run(str(path), "--source", "S", "--by", by)
    assert (done.returncode, done.stderr) == (0, "")
    assert "long.csv is checked" in done.stdout
    file = await PaymentFile.get(name="long.csv")
    assert (file.state, file.lines_stored) == (FileState.CHECKED, 5_500)
    assert file.imported_by_id == lender.cashier.id
    assert await PaymentFileLine.filter(file_id=file.id).count() == 5_500
    assert file.job_id is not None
    assert (await Job.get(id=file.job_id)).state == JobState.QUEUED
    again = await run(str(path), "--source", "S", "--by", by)
    assert again.returncode == 1
    assert "imported on 2026-01-15 as long.csv" in again.stderr


async def test_camt054_and_gb18030_are_named(lender: Lender, tmp_path: Path) -> None:
    by = lender.cashier.subject
    xml = tmp_path / "day.xml"
    xml.write_bytes(camt(entry("1.00", reference=key())))
    done = await run(str(xml), "--source", "S", "--by", by, "--format", "camt054")
    assert done.returncode == 0, done.stderr
    chinese = tmp_path / "day.csv"
    chinese.write_bytes(csv_text([row(key(), payer_name="北京")]).encode("gb18030"))
    refused = await run(str(chinese), "--source", "S", "--by", by)
    assert refused.returncode == 1
    assert "is not UTF-8 text" in refused.stderr
    done = await run(str(chinese), "--source", "S", "--by", by, "--encoding", "gb18030")
    assert done.returncode == 0, done.stderr


async def test_a_wrong_call_is_one_line(lender: Lender, tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    path.write_bytes(csv_bytes([row(key())]))
    by = lender.cashier.subject
    for arguments, said, code in (
        ([str(path), "--by", by, "--format", "mt940"], "--format mt940", 2),
        ([str(path), "--by", by, "--encoding", "latin1"], "--encoding latin1", 2),
        ([str(path), "--by", lender.accountant.subject], "no active employee", 2),
        ([str(tmp_path / "none.csv"), "--by", by], "No such file", 1),
        ([str(tmp_path), "--by", by], "Is a directory", 1),
    ):
        answer = await run(*arguments, "--source", "S")
        assert (answer.returncode, answer.stdout) == (code, "")
        assert said in answer.stderr
        assert len(answer.stderr.splitlines()) == 1
    assert await PaymentFile.filter(name="day.csv", source="S", line_count=1).count() <= 1
