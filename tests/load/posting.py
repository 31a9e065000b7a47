"""Run as a program: one of the many senders. Posts what it is given, in that order, and counts the answers.

`python -m tests.load.posting URL` reads from standard input a JSON list of [path, body] and the API key,
and prints how often each status was answered. What is answered 503 is sent again, as Zoho does.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections import Counter
from urllib.parse import urlsplit

TRIES = 20
PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 60


def post(place: str, path: str, body: str, *, key: str) -> int:
    """Deliver one webhook on a connection of its own; the status of the answer."""
    connection = http.client.HTTPConnection(place, timeout=ANSWER_SECONDS)
    try:
        headers = {"Content-Type": "application/json", "X-Webhook-Key": key}
        connection.request("POST", f"/api/zoho/webhooks/{path}", body.encode(), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def main(url: str) -> Counter[int]:
    plan = json.load(sys.stdin)
    statuses: Counter[int] = Counter()
    for path, body in plan["deliveries"]:
        for _ in range(TRIES):
            status = post(urlsplit(url).netloc, path, body, key=plan["key"])
            statuses[status] += 1
            if status != http.HTTPStatus.SERVICE_UNAVAILABLE:
                break
            time.sleep(PAUSE_SECONDS)
    return statuses


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
