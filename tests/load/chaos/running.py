"""One run: the storm, the calm after it, and the judgement. Django is set up by now."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.live.postgres import Server
from tests.load.chaos.calm import Calm, NotCalm
from tests.load.chaos.judging import judge
from tests.load.chaos.plan import Plan
from tests.load.chaos.storm import Books, Reaper, Rounds, restart_database, restart_web, under_way
from tests.load.chaos.system import System
from tests.load.chaos.tally import Tally

WEBHOOKS = ("sent", "accepted", "failed", "resent", "duplicated", "delayed", "dropped", "given_up")


def run(server: Server, plan: Plan, folder: Path) -> bool:
    """Whether everything held. What the processes say is in `folder`; how it goes, and the report, are printed."""
    preparing = Tally()
    preparing.say(f"seed {plan.seed}, logs in {folder}")
    with System(folder) as system:
        preparing.say("everything runs, and the first pull is done")
        tally = Tally()
        checks = _live_through(system, server, plan, tally)
        _report(tally, system, checks)
    return not any(checks.values())


def _live_through(system: System, server: Server, plan: Plan, tally: Tally) -> Mapping[str, list[str]]:
    rounds, reaper, books = Rounds(tally), Reaper(system, plan, tally), Books(system, plan, tally)
    books.open()
    with under_way(rounds.run):
        with under_way(reaper.run, books.change):
            books.is_done.wait(plan.storm_seconds * plan.web_after)
            restart_web(system, tally)
            books.is_done.wait(plan.storm_seconds * plan.database_after - tally.seconds)
            restart_database(server, tally)
            while not books.is_done.wait(1) and tally.seconds < plan.most_seconds:
                pass
        tally.say("the storm is over")
        try:
            calm = Calm(system, rounds, plan, tally)
            calm.settle()
            report = calm.compare()
        except NotCalm as error:
            return {"the system came to rest": [str(error)]}
    return judge(system, report, plan, tally)


def _report(tally: Tally, system: System, checks: Mapping[str, list[str]]) -> None:
    stats = system.zoho.stats()
    webhooks = stats["webhooks"]
    figures: list[tuple[int, str]] = [
        *((count, name) for name, count in sorted(tally.counts.items())),
        *((webhooks[name], f"webhooks {name.replace('_', ' ')}") for name in WEBHOOKS),
        *((count, f"webhooks answered {name}") for name, count in webhooks["answers"].items()),
        (stats["requests"]["total"], "calls to Zoho"),
        *((count, f"calls failed by Zoho ({name})") for name, count in stats["faults"].items()),
        (system.restarts_for_silence, "clusters restarted by their supervisor because they were silent"),
        (round(tally.seconds), "seconds"),
    ]
    lines = ["", *(f"{count:8}  {name}" for count, name in figures), ""]
    for name, broken in checks.items():
        lines.append(f"{'FAILED' if broken else 'ok':6}  {name}")
        lines += [f"        {text}" for text in broken]
    print("\n".join(lines), flush=True)  # noqa: T201 - a program's own words
