"""Text of other programs', shown in lines that cannot pass for ours."""

from tasks.running.log import Log

# Lines of another's log that are worth a place in GoCD's, and characters of each.
SHOWN_LINES, SHOWN_WIDTH = 20, 300


def show_tail(text: str, name: str, log: Log) -> None:
    """Show the end of another program's log, in lines that cannot pass for ours."""
    lines = [one_line(line) for line in text.splitlines() if line.strip()]
    if len(lines) > SHOWN_LINES:
        log.say(f"{name}: | ... {len(lines) - SHOWN_LINES} lines before these")
    for line in lines[-SHOWN_LINES:]:
        log.say(f"{name}: | {line}")


def one_line(text: str) -> str:
    """The *text* as one line that no control character of a script's can make look like another."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return line if len(line) <= SHOWN_WIDTH else f"{line[: SHOWN_WIDTH - 3]}..."
