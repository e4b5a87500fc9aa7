"""The command `liudai`: parses, says errors in one line, and hands over to a module a command.

Heavy modules are imported inside the commands, so that `--help` and a refusal are quick.
"""

from __future__ import annotations

import os
import sys
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from liudai.errors import EXIT_FAILED, EXIT_USAGE, LiudaiError

if TYPE_CHECKING:
    from domain.settings import Settings

app = typer.Typer(
    name="liudai",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Liudai 流贷: working-capital loans from application to payoff.\n\n"
    "Every setting is an environment variable LIUDAI_… (docs/settings.md lists them); the embedded "
    "default needs none and keeps everything in LIUDAI_HOME, which is var/ unless set.\n\n"
    "Try it: `liudai demo`. Run it: `liudai up`.",
)

Port = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Port of the API (default LIUDAI_PORT); 0 takes any free."),
]
Host = Annotated[str | None, typer.Option(help="Address to bind (default LIUDAI_HOST).")]
Quiet = Annotated[
    bool, typer.Option("--quiet", help="Say only what is wrong, as a cron job should.")
]


@app.command(
    epilog="Examples:  `liudai up`  ·  `liudai up --port 9000`",
)
def up(
    port: Port = None,
    host: Host = None,
    migrate: Annotated[
        bool | None,
        typer.Option(
            "--migrate/--no-migrate",
            help="Apply migrations first (default: with SQLite yes, with a server no).",
        ),
    ] = None,
    log_dir: Annotated[
        Path | None,
        typer.Option(help="Folder for one log file a process (default: all write to stderr)."),
    ] = None,
) -> None:
    """Start the API, the workers and, unless LIUDAI_REDIS_URL is set, the embedded Redis.

    Stays until SIGTERM or Ctrl-C, then finishes the requests and messages under way; a second
    signal ends at once. A process that dies is started again. Exit code 0 when all ended well, 1
    when one could not be started or had to be killed, 2 for a wrong setting.
    """
    from liudai.processes import liudai_processes

    settings = _settings()
    _refuse_unfinished(settings)
    with liudai_processes(settings, host=host, port=port, log_dir=log_dir) as (supervisor, url):
        if settings.sqlite if migrate is None else migrate:
            from liudai.migrating import run as run_migrations

            run_migrations()
        raise typer.Exit(supervisor.run(ready=f"ready at {url} (process {os.getpid()})"))


@app.command(epilog="Example:  `LIUDAI_REDIS_URL=redis://redis:6379/0 liudai serve`")
def serve(
    port: Port = None,
    host: Host = None,
    fd: Annotated[
        int | None,
        typer.Option(help="A listening socket inherited from the supervisor, instead of a port."),
    ] = None,
) -> None:
    """Run one API process, without workers (`liudai up` starts both).

    GET /health answers 200 when it is ready. On SIGTERM it accepts nothing more, finishes the
    requests under way within 10 s and exits 0.
    """
    settings = _settings(find_redis=True)
    _refuse_unfinished(settings)
    from liudai.serving import run

    raise typer.Exit(run(settings, host=host, port=port, fd=fd))


@app.command(epilog="Example:  `LIUDAI_WORKER_THREADS=8 liudai worker`")
def worker() -> None:
    """Run one worker process: training, audit sealing, the outbox, the sweeper.

    On SIGTERM it takes no new message, finishes those under way and exits 0.
    """
    _refuse_unfinished(_settings(find_redis=True))
    from workers.main import run_worker

    raise typer.Exit(run_worker() or 0)


@app.command(epilog="Example:  `LIUDAI_DATABASE_URL=mysql://liudai:…@db/liudai liudai migrate`")
def migrate(
    first_admin: Annotated[
        str | None,
        typer.Option(
            help="Subject (the token's `sub`) of an administrator; give it to two persons in turn, "
            "one of whom employs the others while the other approves their roles. Refused once "
            "there are two."
        ),
    ] = None,
) -> None:
    """Bring the database of LIUDAI_DATABASE_URL to the newest schema; harmless when it is there.

    Also writes what every lender needs before its first loan: the chart of accounts, a head
    office, the business date (today's), products and a credit policy.

    With MySQL or MariaDB the database itself must exist and the user be allowed to create tables
    and triggers in it.
    """
    _settings()
    from liudai.migrating import run

    raise typer.Exit(run(first_admin=first_admin))


@app.command(epilog="Examples:  `liudai demo`  ·  `liudai demo --once --port 0`")
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Stop after the story; exit 1 naming a failed step.")
    ] = False,
    port: Port = None,
) -> None:
    """Start everything, seed a small lender, train a model, and play one loan over HTTP.

    Ends with the API up, GraphiQL at /graphql and a token for each role; Ctrl-C stops it. Refused
    with LIUDAI_ENV=production.
    """
    settings = _settings()
    from liudai.demo import run

    raise typer.Exit(run(once=once, port=settings.port if port is None else port))


@app.command(
    epilog="Examples:  `liudai token --role OPERATOR`  ·  "
    "`liudai token --role APPROVER --subject zhao.min --days 1`"
)
def token(
    role: Annotated[
        str, typer.Option(help="A role such as OPERATOR: the token of a person who holds it.")
    ],
    subject: Annotated[
        str | None,
        typer.Option(help="The person's subject (default: the demo person of that role)."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days until it expires.")] = 7,
) -> None:
    """Print a bearer token signed with the local key (development only).

    Production takes the tokens of your OIDC issuer alone and refuses these.
    """
    _settings()
    from liudai.tokens import run

    raise typer.Exit(run(role=role, subject=subject, days=days))


@app.command(
    epilog="Examples:  `liudai train`  ·  "
    "`liudai train --recipe sba --csv sba_case.csv --algorithm RANDOM_FOREST`"
)
def train(
    recipe: Annotated[
        str, typer.Option(help="A shipped recipe (synthetic, sba) or the path of a TOML file.")
    ] = "synthetic",
    csv: Annotated[
        Path | None, typer.Option(help="The CSV the recipe reads (synthetic makes its own).")
    ] = None,
    algorithm: Annotated[
        str, typer.Option(help="LOGISTIC_REGRESSION or RANDOM_FOREST.")
    ] = "LOGISTIC_REGRESSION",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of the forest.")] = 0,
) -> None:
    """Train a model as `trainModel` would, showing each step; it becomes a candidate.

    A risk officer who did not train it validates it (`validateModel`) and promotes it.
    """
    _settings(find_redis=True)
    from liudai.training import run

    raise typer.Exit(run(recipe=recipe, csv=csv, algorithm=algorithm, seed=seed))


@app.command(epilog="Example:  `liudai replay --recipe sba --csv sba_case.csv --seed 0`")
def replay(
    csv: Annotated[Path, typer.Option(help="The CSV file with real outcomes.")],
    recipe: Annotated[
        str, typer.Option(help="A shipped recipe (sba) or the path of a TOML file.")
    ] = "sba",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the 70/30 split.")] = 0,
    clients: Annotated[int, typer.Option(min=1, max=64, help="HTTP clients at a time.")] = 8,
    rows: Annotated[
        int | None,
        typer.Option(min=10, help="Submit only so many of the held-out rows (default: all)."),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(help="Replay for each seed of a range such as 0-4, and print the medians."),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(help="An API that runs on the same database (default: one started for this)."),
    ] = None,
) -> None:
    """Train on 70 % of a CSV of real loans and submit the other 30 % as applications over HTTP.

    Prints decisions made, errors, AUC and KS of the served PDs against the real outcomes, the
    largest difference to scikit-learn on the same rows, applications per second, p50/p95 latency.
    The model trained here goes into service on this database. Exit code 1 on any error, or when a
    served PD is further than 1e-5 from scikit-learn's. Refused with LIUDAI_ENV=production.
    """
    _settings()
    from liudai.replay import run

    raise typer.Exit(
        run(
            recipe=recipe,
            csv=csv,
            seed=seed,
            clients=clients,
            rows=rows,
            seeds=seeds,
            url=url,
        )
    )


@app.command(
    "import-payments",
    epilog="Example:  `liudai import-payments day.xml --source ICBC-1002 --format camt054 "
    "--by zhao.lei`",
)
def import_payments(
    file: Annotated[Path, typer.Argument(help="The file as the bank sent it.")],
    source: Annotated[
        str, typer.Option(help="The bank and account; its references are unique in it.")
    ],
    by: Annotated[str, typer.Option(help="Subject of the cashier in whose name it is imported.")],
    format: Annotated[str, typer.Option(help="csv or camt054.")] = "csv",
    encoding: Annotated[str, typer.Option(help="Of a CSV: utf-8 or gb18030.")] = "utf-8",
) -> None:
    """Import a file of incoming payments of any size; a worker then posts it line by line.

    The file is read whole first, and refused whole when its encoding, shape, counts or sums are
    wrong or it was imported before. An import that was cut off goes on where it stopped when the
    same command is given again. Exit code 1 for a refused file.
    """
    _settings(find_redis=True)
    from liudai.importing import run

    raise typer.Exit(run(path=file, source=source, format=format, encoding=encoding, by=by))


@app.command(
    "close-day",
    epilog="Examples:  `liudai close-day`  ·  `liudai close-day --through 2026-01-31 --inline`",
)
def close_day(
    through: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The last day to close, those before it first (default: the business date).",
        ),
    ] = None,
    ahead: Annotated[
        bool, typer.Option("--ahead", help="Allow days that the calendar has not reached.")
    ] = False,
    inline: Annotated[
        bool, typer.Option("--inline", help="Work in this process, without workers.")
    ] = False,
    operator: Annotated[
        str | None,
        typer.Option(help="Subject of the OPERATOR in whose name it is done (default: system)."),
    ] = None,
) -> None:
    """Close the business date: accrue every loan, prove the books, open the next day.

    Goes on with a close that stopped; a day that is closed changes nothing. Exit code 0 when the
    days are closed, 1 when a close stopped and says why, 2 for days that may not be closed.
    """
    _settings(find_redis=not inline)
    from liudai.closing import run

    raise typer.Exit(
        run(
            through=through.date() if through else None,
            ahead=ahead,
            inline=inline,
            operator=operator,
        )
    )


@app.command(
    "verify-audit",
    epilog="Example:  `liudai verify-audit --expect-head 5f1c…`",
)
def verify_audit(
    expect_head: Annotated[
        str | None,
        typer.Option(
            help="The newest block's hash as you noted it elsewhere: finds a cut-off end."
        ),
    ] = None,
) -> None:
    """Prove that no audit row was changed, removed or put in between, and name unsealed rows.

    Prints the head of the chain: note it outside the database. Exit code 1 when the proof fails.
    """
    _settings()
    from liudai.audit import run

    raise typer.Exit(run(expect_head=expect_head))


@app.command(
    epilog="Examples:  `liudai backup --to /backups/2026-01-15.liudai`  ·  "
    "`liudai backup --to - --quiet | ssh vault 'cat > 2026-01-15.liudai'`"
)
def backup(
    to: Annotated[str, typer.Option(help="File to write, a new one; - for standard output.")],
    quiet: Quiet = False,
) -> None:
    """Back up the database and the model files, of one moment, while everything runs.

    The file is compressed, encrypted with LIUDAI_BACKUP_KEY, and restores to SQLite as to MySQL or
    MariaDB. LIUDAI_SECRET_KEY is not in it. Do not migrate meanwhile.
    """
    _settings()
    from liudai.backup.taking import run

    raise typer.Exit(run(to=to, quiet=quiet))


@app.command(
    "verify-backup",
    epilog="Example:  `liudai verify-backup /backups/2026-01-15.liudai`",
)
def verify_backup(
    file: Annotated[str, typer.Argument(help="The backup; - for standard input.")],
    quiet: Quiet = False,
) -> None:
    """Read a backup to its end and prove it whole: every chunk, count and hash; no database needed.

    Exit code 1 when it is damaged, cut off, or made with another LIUDAI_BACKUP_KEY.
    """
    from liudai.backup.checking import run

    raise typer.Exit(run(file=file, quiet=quiet))


@app.command(epilog="Example:  `liudai restore /backups/2026-01-15.liudai`")
def restore(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="The backup to restore.")
    ],
    other_secret_key: Annotated[
        bool,
        typer.Option(
            "--other-secret-key",
            help="Restore although LIUDAI_SECRET_KEY cannot read the encrypted values.",
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Fill the EMPTY database of LIUDAI_DATABASE_URL from a backup, migrate it, and prove it.

    The whole file is checked before anything is written. Then counts, contents, references, model
    files, audit chain and books are proved; exit code 1 names each fault. Until all of it is proved
    nothing else starts on the database.
    """
    _settings()
    from liudai.backup.restoring import run

    raise typer.Exit(run(file=file, other_secret_key=other_secret_key, quiet=quiet))


@app.command(
    "verify-books",
    epilog="Examples:  `liudai verify-books`  ·  `liudai verify-books --deep --loan LN000000123`",
)
def verify_books(
    deep: Annotated[
        bool, typer.Option("--deep", help="Replay each loan's history from its disbursement too.")
    ] = False,
    loan: Annotated[
        list[str] | None,
        typer.Option(help="Prove this loan alone, without limits and totals; may be repeated."),
    ] = None,
) -> None:
    """Prove that journals balance, that loans are what was posted, planned and paid, that limits
    are what is used, and that the trial balance is zero; name each row that does not hold.

    Adds everything up from the first entry, range by range, while others go on writing. Exit code 1
    when something does not hold.
    """
    _settings()
    from liudai.books import prove

    raise typer.Exit(prove(deep=deep, loans=loan or []))


@app.command(epilog="Example:  `liudai statement LN000000123 > statement.csv`")
def statement(
    loan: Annotated[str, typer.Argument(help="The loan's number.")],
    daily: Annotated[
        bool, typer.Option("--daily", help="A line for each day's accrual, not one a month.")
    ] = False,
) -> None:
    """Write a loan's statement of account (对账单) to standard output as CSV.

    Every transaction with value and posting date, what it changed by bucket, and what was owed
    after it.
    """
    _settings()
    from liudai.books import statement as write

    raise typer.Exit(write(loan=loan, daily=daily))


@app.command(epilog="Example:  `liudai doctor`")
def doctor() -> None:
    """Check database, migrations, broker, model and clock; say what is wrong and how to mend it.

    Also tells how much waits for a worker, and for how long.

    Exit code 0 when everything is well, else 1.
    """
    _settings(find_redis=True)
    from liudai.doctor import run

    raise typer.Exit(run())


@app.command(
    epilog="Examples:  `liudai schema --output schema.graphql`  ·  "
    "`liudai schema --check schema.graphql`"
)
def schema(
    output: Annotated[
        Path | None, typer.Option(help="File to write (default: standard output).")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="Exit 1 unless this file holds exactly the schema.")
    ] = None,
) -> None:
    """Print the GraphQL schema from the code."""
    from liudai.schema import run

    raise typer.Exit(run(output=output, check=check))


def main() -> NoReturn:
    """Run the command; every error is one line on stderr and an exit code."""
    try:
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _refuse(error)
    sys.exit(code if isinstance(code, int) else 0)


def _settings(*, find_redis: bool = False) -> Settings:
    """Read the settings, once, before anything starts; a wrong one is refused here by name.

    With `find_redis`, a process that the supervisor did not start uses the embedded Redis that
    `liudai up` runs in the same LIUDAI_HOME.
    """
    from domain.settings import EMBEDDED, get_settings

    settings = get_settings()
    if settings.sqlite:
        folder = Path(settings.database_url.removeprefix("sqlite://")).parent
        if folder != settings.home and not folder.is_dir():
            raise LiudaiError(
                f"LIUDAI_DATABASE_URL: there is no folder {folder}: create it first",
                exit_code=EXIT_USAGE,
            )
    if find_redis and settings.redis_url == EMBEDDED:
        from liudai.embedded_redis import redis_url

        os.environ["LIUDAI_REDIS_URL"] = redis_url(settings.home)
        get_settings.cache_clear()
        settings = get_settings()
    return settings


def _refuse_unfinished(settings: Settings) -> None:
    """Refuse a database in which a restore has not come to its end."""
    from liudai.backup.unfinished import refuse_unfinished_database

    refuse_unfinished_database(settings)


def _refuse(error: Exception) -> int:
    from liudai.refusing import explain

    lines, code = explain(error)
    for line in lines:
        typer.echo(f"liudai: {line}", err=True)
    expected = code != EXIT_FAILED or isinstance(error, LiudaiError)
    if not expected and os.environ.get("LIUDAI_LOG_LEVEL") == "DEBUG":
        traceback.print_exception(error)
    return code or EXIT_USAGE
