"""The fake server in a process of its own, where its work does not count as the client's."""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

from alignsurvey.errors import InputError

_COMMAND = "python -m alignsurvey.testing.fake_server"

__all__ = ["FakeServerProcess", "main"]


class FakeServerProcess:
    """``python -m alignsurvey.testing.fake_server`` while a ``with`` block runs.

    Parameters
    ----------
    *arguments : str
        Those of the command line: ``"--latency", "0.05", "--fault", "429=0.05"``.

    Examples
    --------
    >>> with FakeServerProcess("--seed", "1") as server:
    ...     server.counts["requests"]
    0
    """

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.url = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "alignsurvey.testing.fake_server", *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            self.process.wait()
            self.process.stdout.close()
            raise InputError(f"fake server: it did not start: {' '.join(command)}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.process.terminate()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def counts(self) -> dict[str, Any]:
        """``requests``, ``answers``, ``most_at_once`` and ``faults`` so far."""
        with urlopen(self.url.removesuffix("/v1") + "/counts") as reply:
            counts: dict[str, Any] = json.load(reply)
        return counts

    @property
    def requests(self) -> int:
        """Requests for a chat completion that came in so far."""
        return int(self.counts["requests"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until the process is ended; the URL is the first line that it prints."""
    options = _parser().parse_args(arguments)
    from alignsurvey.testing.fake_server import FakeServer
    from alignsurvey.testing.faults import Faults
    from alignsurvey.testing.population import Population

    try:
        server = FakeServer(
            Population(first_letter_bias=options.first_letter_bias, seed=options.seed),
            Faults(
                dict(_rate(one) for one in options.fault),
                [None if one == "ok" else one for one in options.script],
                options.always,
                options.seed,
            ),
            options.latency,
            options.key,
            options.model,
            options.seed,
            options.repeatable,
            most_at_once=options.most_at_once,
            requests_per_minute=options.requests_per_minute,
            hang_seconds=options.hang,
            port=options.port,
        )
        with server:
            print(server.url, flush=True)
            signal.sigwait({signal.SIGTERM, signal.SIGINT})
    except InputError as error:
        sys.exit(f"error: {error}")


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    try:
        return name, float(rate)
    except ValueError:
        raise InputError(f"--fault {text}: write NAME=RATE, such as 429=0.05") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(_COMMAND, description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--fault", action="append", default=[], help="NAME=RATE, repeatable")
    parser.add_argument("--script", nargs="*", default=[], help="of the first requests; ok: none")
    parser.add_argument("--always", nargs="*", default=[], help="no-logprobs, no-n …")
    parser.add_argument("--key", help="the only API key that is let in")
    parser.add_argument("--model", action="append", default=[], help="the only models there are")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeatable", action="store_true", help="one prompt, one answer")
    parser.add_argument("--first-letter-bias", type=float, default=0.0, help="log-odds for A")
    parser.add_argument("--most-at-once", type=int, help="more at once get a 429")
    parser.add_argument("--requests-per-minute", type=int)
    parser.add_argument("--hang", type=float, default=3600.0, help="seconds that a hang lasts")
    return parser
