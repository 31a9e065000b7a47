"""Runs that commands begin or take up: worked on here and now, with a bar, and what is said of them."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.core.management.base import BaseCommand, CommandError

from zoho_sync import bulk, runs
from zoho_sync.errors import LoginRefused, NotConfigured
from zoho_sync.management.connecting import check_connection
from zoho_sync.management.progress import RunBar, errors_of
from zoho_sync.models import SyncRun
from zoho_sync.models.runs import SyncRunQuerySet


@dataclass(frozen=True)
class Teller:
    """What a command says of its runs: `counts` are the columns of SyncRun that it names."""

    command: BaseCommand
    counts: Sequence[str]

    def perform(self, run: SyncRun, work: Callable[..., object], *, name: str, go_on: str) -> SyncRun:
        """Work on a taken run. Ctrl-C ends the program with `go_on`, which says what to do then."""
        with RunBar(name) as bar:
            try:
                work(run, track=bar.show)
            except KeyboardInterrupt:
                self.command.stderr.write(f"{name}: stopped; {go_on}")
                raise SystemExit(1) from None
            except runs.RunTaken as error:
                raise CommandError(str(error)) from error
        return run

    def tell(self, run: SyncRun, *, name: str, status: str = "", more: str = "") -> None:
        """Its counts and its time, then its errors on stderr. CommandError (2) where Zoho cannot be asked at all."""
        seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at else 0
        counts = ", ".join(f"{getattr(run, count)} {count}" for count in self.counts)
        self.command.stdout.write(f"{name}: {status or run.status}, {counts}{more}, {seconds:.1f} s")
        if isinstance(run.failure, NotConfigured | LoginRefused):
            raise CommandError(f"{name}: {run.error}", returncode=2)
        for error in errors_of(run):
            self.command.stderr.write(f"{name}: {error}")


def take_again(
    run_id: int, among: SyncRunQuerySet, *, unknown: str, asks_zoho: bool = True, confirm_sweep: bool = False
) -> SyncRun:
    """The run that `--resume` names, taken. CommandError (2), with `unknown` for one that is not `among` these."""
    if not among.filter(pk=run_id).exists():
        raise CommandError(f"--resume: {unknown}", returncode=2)
    if asks_zoho:
        check_connection()
    try:
        if confirm_sweep:
            bulk.confirm_sweep(run_id, by=getpass.getuser())
        return runs.take(run_id, resume=True)
    except (runs.NotResumable, runs.AlreadyRunning) as error:
        raise CommandError(f"--resume: {error}", returncode=2) from error
