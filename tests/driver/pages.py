"""What the pages tell a reader to type."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
IN_BACKTICKS = re.compile(r"`([^`]+)`")
COMMENT = re.compile(r"\s+#\s+")
NEEDS = re.compile(r"needs: (\w+)")


@dataclass(frozen=True)
class Line:
    """A line of a shell block: what is to be typed, and what stands in comments behind it."""

    typed: str
    comments: tuple[str, ...]

    @property
    def needs(self) -> set[str]:
        """`account` or `hub`, or `forever` for what goes on until Ctrl-C."""
        return {need for comment in self.comments for need in NEEDS.findall(comment)}

    @property
    def shows(self) -> str:
        """What it is said to show."""
        return next((comment for comment in self.comments if not NEEDS.match(comment)), "")


def shell_lines(page: Path) -> list[Line]:
    """Lines of blocks marked `sh`, and what stands behind `$ ` in blocks that show what is printed; continued lines joined."""
    lines = []
    for language, block in FENCE.findall(page.read_text()):
        for line in block.replace("\\\n", " ").splitlines():
            if language == "sh" and line.strip():
                typed, *comments = COMMENT.split(line)
                lines.append(Line(typed.strip(), tuple(comment.strip() for comment in comments)))
            elif language == "" and line.startswith("$ "):
                lines.append(Line(line[2:], ()))
    return lines


def code_spans(page: Path) -> list[str]:
    """What stands in backticks within the text."""
    # A span may go on in the next line.
    return [" ".join(span.split()) for span in IN_BACKTICKS.findall(FENCE.sub("", page.read_text()))]
