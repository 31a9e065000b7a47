"""What every command that calls Zoho looks at first, so that it says in one line what is wrong and leaves no trace."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from django.core.management.base import CommandError
from requests.utils import get_environ_proxies, select_proxy

from zoho_sync.client import configured_client
from zoho_sync.client.configuration import read_configuration
from zoho_sync.errors import NotConfigured

SECONDS = 5.0
PORTS = {"http": 80, "https": 443}


def check_connection() -> None:
    """CommandError with exit code 2 when settings are missing, or when nobody listens at Zoho's addresses.

    No API call is made: whether Zoho lets us in shows with the first one.
    """
    try:
        configuration = read_configuration()
        configured_client()
    except NotConfigured as error:
        raise CommandError(str(error), returncode=2) from error
    for url in dict.fromkeys((configuration.accounts_url, configuration.api_url)):
        if not select_proxy(url, get_environ_proxies(url)):  # behind a proxy only that one is to be reached
            _knock(url)


def _knock(url: str) -> None:
    address = urlsplit(url)
    try:
        port = address.port or PORTS[address.scheme]
        socket.create_connection((address.hostname or "", port), timeout=SECONDS).close()
    except (OSError, ValueError, KeyError) as error:
        raise CommandError(f"Zoho cannot be reached at {url}: {error}", returncode=2) from error
