"""The environment variables that ``gocd-tasks`` takes its options from.

A pipeline sets them for all of its tasks, so a command meets those of others. They are listed here because
importing every command to ask it for its own takes a tenth of a second, in every task.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

PREFIX = "GOCD_TASKS_"

# Goes before the name of a stack's parameter, in capitals, whose value nobody shall see.
PARAMETER = f"{PREFIX}PARAMETER_"

# Without the prefix.
KNOWN = frozenset(
    (
        "AGENTS",
        "ALLOW_FIXED_NAMES",
        "ALLOW_NEW_STATE",
        "APPLICATION",
        "APPROVE",
        "ARTIFACT",
        "AT_LEAST",
        "AT_MOST",
        "AUTOMATIC",
        "BACK",
        "BATCH",
        "BLUE",
        "BUCKET",
        "BUILD_INFO_URL",
        "CAPABILITY",
        "CA_BUNDLE",
        "CHECK",
        "CLOUDWATCH",
        "COLOR",
        "COMMAND",
        "CONNECTIONS_WITHIN",
        "CONSECUTIVE",
        "DASHBOARD",
        "DEBUG",
        "DELETE_STATE",
        "DEPLOYMENT_GROUP",
        "DEPLOYMENT_ID",
        "DEPLOY_TIMEOUT",
        "DIFF",
        "DRY_RUN",
        "DURATION",
        "ENOUGH",
        "ENVIRONMENT",
        "EVENTS",
        "EXPECT_JSON",
        "EXPECT_STATUS",
        "FAILED_JOBS",
        "FAULT",
        "FILE",
        "FINISH",
        "FLEET",
        "FOLDER",
        "FOR",
        "FORCE",
        "FORMAT",
        "FORMAT_VERSION",
        "FROM",
        "FUNCTION",
        "GREEN",
        "GROUP",
        "GROUP_SIZE",
        "INSTALL_TO",
        "INSTANCE",
        "INSTANCES",
        "JMETER",
        "JOBS",
        "JTL",
        "JUDGE_SO_FAR",
        "KEEP",
        "KEEP_ALIVE",
        "KEEP_FOR",
        "KEEP_RELEASES",
        "KEEP_STICKY",
        "KIND",
        "KMS_KEY",
        "LAG",
        "LEAVE_UNKNOWN",
        "LISTENER",
        "LIST_TRAPS",
        "LOAD_BALANCER",
        "LOCK",
        "LOCK_WAIT",
        "MAX_ERRORS",
        "MAX_ERROR_RATE",
        "MAX_GAP",
        "MAX_STOPPED",
        "MDL_INSTANCE",
        "MIN_HEALTHY",
        "MIN_SAMPLES",
        "MIN_THROUGHPUT",
        "NAME",
        "NO_ROLLBACK",
        "ON_FAILURE",
        "OUT",
        "OUTPUT",
        "OWNER",
        "P50",
        "P90",
        "P95",
        "P99",
        "PARAMETER",
        "PIPELINE",
        "PLAN",
        "PLATFORM",
        "PORT",
        "PROBE_URL",
        "PROPERTY",
        "RATE",
        "RECORD",
        "REGION",
        "REPO",
        "REQUIRE_DRAIN",
        "RERUN",
        "RESTART",
        "RESTART_WITHIN",
        "RESUME",
        "REVISION",
        "ROLLBACK",
        "RUN",
        "SECONDS",
        "SECRET",
        "SECRET_VARIABLE",
        "SERVE",
        "SERVER",
        "SETTLE",
        "SINCE",
        "SOURCE",
        "SPEED",
        "STAGE",
        "START",
        "STATUS_TIMEOUT",
        "STATUS_URL",
        "STEPS",
        "STOP_ON_CANCEL",
        "STRICT",
        "TEMPLATE",
        "THREADS",
        "THRESHOLDS",
        "TIMEOUT",
        "TITLE",
        "TRAFFIC",
        "TRAFFIC_SETTLE",
        "TRAP",
        "TURNS",
        "UNPROVED",
        "UNTIL_IDLE",
        "URL",
        "VARIABLE",
        "VERSION",
        "VIA",
        "WAIT",
        "WATCH",
        "WHILE_SERVING",
        "WINDOWS_INSTALL_TO",
        "WINDOWS_RESTART",
        "ZONE",
    )
)


def variable(option: str) -> str:
    """Return the variable of an option or argument: ``--load-balancer`` has ``GOCD_TASKS_LOAD_BALANCER``."""
    name = option.partition("/")[0].strip("-.")
    return PREFIX + name.upper().replace("-", "_")


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Return the variables with our prefix that no command knows; an empty one counts as absent."""
    ours = {name for name, value in environment.items() if name.startswith(PREFIX) and value}
    return sorted(name for name in ours - {PREFIX + each for each in KNOWN} if not name.startswith(PARAMETER))


def nearest(name: str) -> str | None:
    """Return the variable that was probably meant by *name*, if there is any like it."""
    # Alike without the prefix, which makes any two of them look alike.
    like = get_close_matches(name.removeprefix(PREFIX), sorted(KNOWN), n=1, cutoff=0.7)
    return PREFIX + like[0] if like else None
