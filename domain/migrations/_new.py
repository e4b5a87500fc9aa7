"""`make migration NAME=…`: write the skeleton of the next migration for a person to finish.

It writes the state changes that the autodetector finds, and one empty SQL file per dialect: the
statements are written and reviewed by hand, since generated ones can lose rows.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tortoise import Tortoise
from tortoise.migrations.autodetector import MigrationAutodetector

from domain.db import tortoise_config
from domain.migrations._operation import FOLDER
from domain.settings import get_settings


async def new(name: str) -> str:
    """Write the next migration's Python file and one SQL file per dialect; return its name."""
    config = tortoise_config(get_settings())
    await Tortoise.init(config=config)
    assert Tortoise.apps is not None  # noqa: S101 - just initialised
    writers = await MigrationAutodetector(Tortoise.apps, config["apps"]).changes()
    if not writers:
        raise SystemExit("The models have not changed since the last migration.")
    writer = writers[0]
    full_name = f"{writer.name[:4]}_{name}"
    writer.name = full_name
    path = Path(writer.write())
    source = path.read_text(encoding="utf-8")
    source = source.replace(
        "    operations = [\n", f'    operations = [ReviewedSql("{full_name}", [\n'
    )
    source = source.rstrip().removesuffix("]") + "])]\n"
    source = source.replace("\n\nclass Migration", f"\n{_IMPORT}\n\nclass Migration", 1)
    path.write_text(source, encoding="utf-8")
    for dialect in ("sqlite", "mysql"):
        (FOLDER / f"{full_name}.{dialect}.sql").touch()
    await Tortoise.close_connections()
    return full_name


_IMPORT = "from domain.migrations._operation import ReviewedSql\n"

if __name__ == "__main__":
    print(asyncio.run(new(sys.argv[1])), "written: now write its SQL for each dialect.")
