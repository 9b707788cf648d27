"""How long ``xietong --help`` takes beside the least it could take: Python with the two packages that print it.

python tests/benchmarks/startup.py --rounds 9
"""

from __future__ import annotations

import statistics
import sys

from measuring import measure_program, parser, print_row, report

COMMANDS = {
    "typer, rich": [sys.executable, "-c", "import typer, rich"],
    "--help": [sys.executable, "-m", "xietong", "--help"],
    "run --help": [sys.executable, "-m", "xietong", "run", "--help"],
}


def main() -> None:
    """Run each in turn and print the median."""
    options_of = parser(__doc__)
    options_of.add_argument("--rounds", type=int, default=9)
    options = options_of.parse_args()
    for command in COMMANDS.values():
        measure_program(command)  # compiled and in the file cache
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(options.rounds):
        for name, command in COMMANDS.items():
            times[name].append(measure_program(command)["seconds"])
    least = statistics.median(times["typer, rich"])
    rows = []
    for name, seconds in times.items():
        median = statistics.median(seconds)
        rows.append({"command": name, "seconds": median, "least": min(seconds), "ratio": median / least})
        print_row(rows[-1], is_first=len(rows) == 1)
    report(rows, options.json)


if __name__ == "__main__":
    main()
