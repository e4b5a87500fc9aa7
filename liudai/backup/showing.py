"""What a person sees of a backup or restore: a bar on a terminal, and a short report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

KEYS_NOTE = (
    "LIUDAI_SECRET_KEY is NOT in the backup: without it resident IDs and account numbers cannot be "
    "read after a restore. Keep it, and LIUDAI_BACKUP_KEY, apart from the backups / "
    "备份中不含 LIUDAI_SECRET_KEY：恢复后没有它就无法读取证件号和账号。请将它与 LIUDAI_BACKUP_KEY "
    "一起，同备份分开保管"
)


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callable[[str, int | None], None]]:
    """Give a function `(step, total)` that begins a step of `total` parts or, with None, moves one.

    The bar shows on a terminal alone, on standard error.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("  {task.description:<40}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=None)

        def show(step: str, total: int | None) -> None:
            if total is None:
                bar.update(task, description=f"{what}: {step}", advance=1)
            else:
                bar.reset(task, description=f"{what}: {step}", total=total)

        yield show
