"""`manage.py zoho_connect` as an operator runs it: from a code to a login that the next command uses."""

from __future__ import annotations

import pytest

from tests.end_to_end.conftest import Machine
from tests.live.processes import run_manage
from tests.live.sandbox import LiveSandbox
from zoho_sandbox.tokens import Credentials
from zoho_sync.models import ZohoConnection


@pytest.mark.lesson("L24")
def test_a_code_is_exchanged_and_the_login_is_there_for_the_next_process(
    clean: None, zoho: LiveSandbox, machine: Machine
) -> None:
    environment = machine.environment(**zoho.settings | {"ZOHO_REFRESH_TOKEN": ""})

    before = run_manage("zoho_connect", environment=environment)
    connected = run_manage("zoho_connect", "--code", Credentials().grant_code, environment=environment)
    again = run_manage("zoho_connect", environment=environment)

    assert (before.returncode, before.stdout) == (2, "")
    assert before.stderr == "CommandError: Zoho is not configured: set ZOHO_REFRESH_TOKEN\n"
    assert (connected.returncode, connected.stderr) == (0, "")
    organisation, *_ = connected.stdout.splitlines()
    assert organisation == f"organisation: {ZohoConnection.objects.get().organization_name} (714285714)"
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, organisation)
