"""The server audit of the npm package graphql-http: 13 MUST, 23 SHOULD, 25 MAY, all of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from served import Served

PACKAGES = ("graphql-http", "graphql")
CACHE = Path(tempfile.gettempdir()) / "liudai-graphql-http-audit"
SCRIPT = """
import { serverAudits } from 'graphql-http';
const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
const results = [];
for (const audit of audits) {
  const result = await audit.fn();
  results.push({ name: result.name, status: result.status, reason: result.reason ?? '' });
}
console.log(JSON.stringify(results));
"""


@pytest.fixture(scope="module")
def audit_package() -> Path:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("the graphql-http audit needs node and npm")
    if not (CACHE / "node_modules" / "graphql-http").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        installed = subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(CACHE), *PACKAGES],
            capture_output=True,
            text=True,
            timeout=120,
        )
        if installed.returncode:
            pytest.skip(f"npm could not install {PACKAGES}: {installed.stderr[-300:]}")
    (CACHE / "audit.mjs").write_text(SCRIPT)
    return CACHE


def test_every_audit_passes(audit_package: Path, toys: Served) -> None:
    run = subprocess.run(
        ["node", str(audit_package / "audit.mjs"), toys.graphql],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout)
    failed = [f"{r['name']}: {r['reason']}" for r in results if r["status"] != "ok"]
    assert failed == []
    kinds = [result["name"].split(" ")[0] for result in results]
    assert (kinds.count("MUST"), kinds.count("SHOULD"), kinds.count("MAY")) == (13, 23, 25)
