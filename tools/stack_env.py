"""Reads docker/.env, for the tools that make it and that tell of it."""

import os
import re

VARIABLE = re.compile(r"\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?)([-+])([^}]*))?\})", re.ASCII)


def assignments(text):
    """NAME=value of each line that is one."""
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def expanded(text, known):
    """Variables of a value by Compose's rules: the environment goes before the lines above."""

    def replace(found):
        dollar, plain, name, colon, operation, other = found.groups()
        value = os.environ.get(plain or name or "", known.get(plain or name))
        if dollar:
            return "$"
        if operation:
            is_set = value is not None and (value != "" or not colon)
            return (value if is_set else other) if operation == "-" else (other if is_set else "")
        return value or ""

    return VARIABLE.sub(replace, text)


def values_of(lines):
    """The values as Compose reads them: without quotes and comments, with variables replaced."""
    known = {}
    for name, raw in lines.items():
        text = raw.strip()
        if found := re.match(r"'([^']*)'", text):
            known[name] = found[1]
        elif found := re.match(r'"((?:[^"\\]|\\.)*)"', text):
            known[name] = expanded(re.sub(r'\\([\\"])', r"\1", found[1].replace("\\$", "$$")), known)
        else:
            known[name] = expanded(text.split(" #", 1)[0].rstrip(), known)
    return known
