"""Reads docker/.env, for the tools that make it and that tell of it."""


def assignments(text):
    """NAME=value of each line that is one."""
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
