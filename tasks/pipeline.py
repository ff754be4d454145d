"""Pipelines as code and the GoCD server: each subcommand is a module of ``tasks.pipelines``."""

from importlib import import_module

import typer

app = typer.Typer(help="Pipelines as code, before they run and as they run.", rich_markup_mode=None)

# The modules that have them, each a ``command`` of its own; what is heavy they import as they run.
SUBCOMMANDS = {
    "new": "tasks.pipelines.new",
    "lint": "tasks.pipelines.lint",
    "graph": "tasks.pipelines.graph",
    "preflight": "tasks.pipelines.preflight",
    "trigger": "tasks.pipelines.trigger",
    "watch": "tasks.pipelines.watch",
    "rerun-stage": "tasks.pipelines.rerun_stage",
    "status": "tasks.pipelines.status",
    "unlock": "tasks.pipelines.unlock",
}

for _name, _module in SUBCOMMANDS.items():
    app.command(_name)(import_module(_module).command)
