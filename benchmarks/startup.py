"""Start-up time: `import alignsurvey` and `alignsurvey --help` against `import numpy, polars`.

Run it with: python benchmarks/startup.py [--json] [--repeats 9]
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "import numpy, polars": [sys.executable, "-c", "import numpy, polars"],
    "import alignsurvey": [sys.executable, "-c", "import alignsurvey"],
    "alignsurvey --help": [sys.executable, "-m", "alignsurvey", "--help"],
}
REFERENCE = "import numpy, polars"
LIMITS = {"import alignsurvey": 1.5, "alignsurvey --help": 2.0}


def seconds(command: list[str]) -> float:
    """Time one run of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def measure(repeats: int) -> dict[str, dict[str, float]]:
    """Time the commands in turn, so that a busy moment hits all of them; medians and ratios."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)  # warms the file cache
    for _ in range(repeats):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    median = {name: statistics.median(found) for name, found in times.items()}
    return {
        name: {"seconds": median[name], "ratio": median[name] / median[REFERENCE]}
        for name in COMMANDS
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    found = measure(options.repeats)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name, row in found.items():
        limit = f" (at most {LIMITS[name]})" if name in LIMITS else ""
        print(f"{name:<22} {row['seconds'] * 1000:6.0f} ms   ratio {row['ratio']:.2f}{limit}")


if __name__ == "__main__":
    main()
