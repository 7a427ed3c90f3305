#!/usr/bin/env python3
"""Compares committed files with what the release build prints. Exits 1 with one line a file that differs.

tools/check_generated.py            compares
tools/check_generated.py --write    writes the files
"""

import subprocess
import sys

import sources

PROGRAM = sources.ROOT / "build/release/spotify-pipeline"
FILES = {
    "docs/formats/listening-event.schema.json": ["schema"],
    "docs/configuration.md": ["config", "page"],
    ".env.example": ["config", "env-example"],
    "docker/.env.example": ["config", "stack-example"],
}


def main(arguments):
    differing = 0
    for name, command in FILES.items():
        printed = subprocess.run([PROGRAM, *command], check=True, capture_output=True, text=True).stdout
        path = sources.ROOT / name
        if arguments == ["--write"]:
            path.write_text(printed)
        elif not path.is_file() or path.read_text() != printed:
            differing += 1
            print(f"{name}: is not what spotify-pipeline {' '.join(command)} prints; tools/check_generated.py --write")
    print(f"generated: {len(FILES)} files, {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
