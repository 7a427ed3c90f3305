#!/usr/bin/env python3
"""Looks for the words and phrases of tools/words.txt in every other text file: in pages, messages, comments, names.

A phrase may run over the end of a line, comment signs between. Exits 1 with one line a finding and the better words.
"""

import pathlib
import re
import sys

import sources

LIST = pathlib.PurePath("tools/words.txt")
# Written by programs, or captured from them.
NOT_OURS = (".lock", ".svg")
# Between two words: spaces, or the end of a line and the sign that begins a comment or a string on the next.
GAP = r'(?:[ ]+|"?[ ]*\n[ \t]*(?:///?|#|--|\*|>|")?[ ]*)'


def read_list():
    """Pairs of a compiled phrase and the better words. A phrase with a capital is looked for as it is written."""
    pairs = []
    for line in (sources.ROOT / LIST).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        phrase, better = (part.strip() for part in line.split("->"))
        flags = 0 if re.search(r"(?<!\\)[A-Z]", phrase) else re.IGNORECASE
        pairs.append((re.compile(rf"\b(?:{phrase.replace(' ', GAP)})\b", flags), better))
    return pairs


def main():
    pairs = read_list()
    findings = 0
    for path in sources.all_files():
        text = None if path == LIST or path.suffix in NOT_OURS else sources.text_of(path)
        if text is None:
            continue
        for phrase, better in pairs:
            for match in phrase.finditer(text):
                findings += 1
                line = text.count("\n", 0, match.start()) + 1
                print(f"{path}:{line}: '{' '.join(match[0].split())}': better: {better}")
    print(f"words: {len(pairs)} phrases, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
