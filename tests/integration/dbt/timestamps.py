"""Texts that are time stamps or nearly so, each with the time that docs/formats/event.md says it is.

    timestamps.py [--write]

timestamps.txt has them, so that the reader of `verify` in C++ (rfc3339_test), silver's SQL (silver_matches_recount.py) and the
recount judge the same ones. Without --write, the file is compared with what is generated.
"""

import pathlib
import random
import sys

import recount

FILE = pathlib.Path(__file__).with_name("timestamps.txt")
COUNT = 600
# What each part may be; the second list has what is wrong.
PARTS = [
    (["2026", "2000", "2099", "2024", "2100", "1999"], ["0000", "9999", "2101", "1998", "226", "٢٠٢٦"]),
    (["-"], ["", "/", "−"]),
    (["01", "02", "12", "06"], ["00", "13", "2", "002"]),
    (["-"], ["", ":"]),
    (["01", "15", "28", "29", "30", "31"], ["00", "32", "5"]),
    (["T", "T", "T", "t"], [" ", "", "_", "TT"]),
    (["00", "23", "12", "01"], ["24", "7", "99"]),
    ([":"], ["", "."]),
    (["00", "59", "30"], ["60", "5"]),
    ([":"], ["", ";"]),
    (["00", "59", "36"], ["60", "61", "9"]),
    (["", ".0", ".9", ".123", ".123456", ".1234567", ".999999999"], [".", ",5", ".1234567890", ".-1", ".1e3"]),
    (
        ["Z", "z", "+00:00", "-00:00", "+02:00", "-05:30", "+05:45", "+14:00", "-12:00", "+23:59", "-23:59", "+00:01"],
        ["", "+24:00", "+02:60", "+0200", "+02", "02:00", "±02:00", "ZZ", "Z+02:00", "+02:00Z", " Z", "Zx", "UTC", "+02:00:00"],
    ),
]  # fmt: skip
EDGES = [
    f"{day}T{time}{fraction}{zone}"
    for day, zones in (
        ("1999-12-31", ["-00:01", "-01:00", "-23:59"]),
        ("2000-01-01", ["+00:00", "+00:01", "+23:59"]),
        ("2099-12-31", ["z", "-00:01", "-23:59"]),
        ("2100-01-01", ["+00:00", "+00:01", "+23:59"]),
    )
    for time in ("00:00:00", "00:00:59", "23:59:59")
    for fraction in ("", ".999999999")
    for zone in zones
]


def texts():
    """Valid ones, and such with one or two parts that are wrong."""
    rng = random.Random(7)
    found = dict.fromkeys(EDGES)
    while len(found) < COUNT:
        wrong = rng.sample(range(len(PARTS)), rng.choice([0, 0, 0, 1, 1, 2]))
        found["".join(rng.choice(parts[index in wrong]) for index, parts in enumerate(PARTS))] = None
    return list(found)


def utc(text):
    try:
        return recount.read_time(text)
    except recount.Fault:
        return "none"


def lines():
    return "".join(f"{utc(text)} | {text}\n" for text in texts())


def main():
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(lines(), encoding="utf-8")
    return (
        0 if FILE.read_text(encoding="utf-8") == lines() else f"{FILE} is not what this generates: run it with --write"
    )


if __name__ == "__main__":
    sys.exit(main())
