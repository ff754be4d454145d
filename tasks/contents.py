"""What the command line has, by what a person does with it."""

from typing import Any

from typer.core import TyperGroup

# A line for each, short enough for a terminal of 80 columns; a command's own help says the rest.
GROUPS = {
    "Take out and put back": {
        "detach-instance": "Out of its load balancers, until it has drained.",
        "attach-instance": "Back into them, until it serves.",
        "sleep-settle": "Let things settle after either of these.",
    },
    "Deploy": {
        "deploy-artifact": "A release onto an instance, proved to answer there.",
        "rolling-deploy": "The whole fleet behind a load balancer, in batches.",
        "upgrade-herd": "HERD, by its upgrade function and CodeDeploy.",
        "watch-deployment": "A deployment of CodeDeploy's, watched to its end.",
    },
    "Verify": {
        "check-status": "Ask a service until it answers as expected.",
        "verify-traffic": "Send JMeter's traffic and judge every sample of it.",
        "report": "One page of a rollout, and what its users saw of it.",
    },
    "Blue/green": {
        "clone-environment": "A second environment, as the one that serves is.",
        "switch-traffic": "Users from blue to green, in watched steps; or back.",
        "retire-environment": "Delete an environment that serves nobody.",
    },
    "Look, lock and permit": {
        "status": "Who serves, who is out and why, and what to type next.",
        "lock": "The deployment lock that all pipelines share.",
        "iam-policy": "The least-privilege IAM policy for some commands.",
    },
    "GoCD's side": {
        "pipeline": "Pipelines as code, before they run and as they run.",
        "rehearse": "A pipeline on this machine, under real traffic.",
    },
}
_WIDEST = max(len(name) for commands in GROUPS.values() for name in commands)


class Contents(TyperGroup):
    """All commands, by group; none is imported for it."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        for heading, commands in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(_WIDEST), line) for name, line in commands.items()])


class Subcommands(TyperGroup):
    """The commands of a command, each with the whole of its first sentence."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, each.get_short_help_str(len(each.help or "")))
                    for name, each in self.commands.items()
                ]
            )
