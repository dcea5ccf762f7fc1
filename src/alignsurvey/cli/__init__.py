"""The command line: one file a command, each of them thin."""

from __future__ import annotations

import sys

from alignsurvey.cli.app import app
from alignsurvey.errors import InputError

INTERRUPTED = 130


def main() -> None:
    """Run a command; an error of the user's or an endpoint's is one line, with its exit code."""
    try:
        app()
    except InputError as error:
        print(f"alignsurvey: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("alignsurvey: interrupted; run the same command again", file=sys.stderr)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output, such as `head`, has seen enough.
        sys.stderr.close()
        sys.exit(0)


__all__ = ["app", "main"]
