"""What a site says of its pipeline, and whether that can be said of a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from gocd.errors import GoCDError
from gocd.nearest import nearest
from gocd.reading.names import NAME
from gocd.shown import shown
from gocd.templates.catalogue import TEMPLATES, Template

OLDEST, NEWEST = 1, 11
"""Source: GoCD's JsonMessageHandler3_0.java"""


@dataclass(frozen=True)
class Values:
    """What is empty, or None, was not said.

    Args:
        template: The name of one.
        via: How the release is placed.
        command: With ``command`` for that, its words.
        automatic: Whether a build that passes starts a run.
    """

    template: str
    name: str = ""
    group: str = ""
    instances: tuple[str, ...] = ()
    load_balancers: tuple[str, ...] = ()
    via: str = ""
    command: tuple[str, ...] = ()
    format_version: int | None = None
    automatic: bool | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Hold that these can be said of the template.

        Raises:
            GoCDError: One cannot, or is nothing that a pipeline could hold.
        """
        if self.template not in TEMPLATES:
            guess = nearest(self.template, TEMPLATES) or f"there are: {', '.join(TEMPLATES)}"
            raise GoCDError(f"there is no template {shown(self.template)!r}; {guess}")
        for problem in (*_unreadable(self), *_unfit(self, self.of), *_wrong(self)):
            raise GoCDError(problem)

    @property
    def of(self) -> Template:
        return TEMPLATES[self.template]

    def over(self, before: Values) -> Values:
        """Return these, and what was said *before* where these say nothing."""
        same_way = not self.via or self.via == before.via
        return replace(
            self,
            name=self.name or before.name,
            group=self.group or before.group,
            instances=self.instances or before.instances,
            load_balancers=self.load_balancers or before.load_balancers,
            via=self.via or before.via,
            command=self.command or (before.command if same_way else ()),
            format_version=self.format_version or before.format_version,
            automatic=before.automatic if self.automatic is None else self.automatic,
            parameters={**before.parameters, **self.parameters},
        )


def _unreadable(values: Values) -> Iterator[str]:
    texts = (values.name, values.group, *values.instances, *values.load_balancers, *values.command)
    for text in (*texts, *values.parameters.values()):
        if not text.isprintable():
            yield f"{shown(text)!r} has characters that nobody sees"


def _unfit(values: Values, of: Template) -> Iterator[str]:
    named = f"the template {of.name}"
    if values.instances and not of.machines:
        yield f"{named} names no machine, so it takes no --instances"
    if len(values.load_balancers) > of.load_balancers:
        most = {0: "names no load balancer", 1: "is about one load balancer"}
        yield f"{named} {most.get(of.load_balancers, f'takes {of.load_balancers} load balancers at most')}"
    if values.via and values.via not in of.ways:
        ways = f"places a release by {' or '.join(of.ways)}" if of.ways else "places no release itself"
        yield f"{named} {ways}, not --via {shown(values.via)}"
    if values.automatic and not of.starts_itself:
        yield f"{named} is started by a person each time, so it takes no --automatic"


def _wrong(values: Values) -> Iterator[str]:
    for option, name in (("--name", values.name), ("--group", values.group)):
        if name and not NAME.fullmatch(name):
            yield f"{option} takes letters, digits, '_', '-' and '.', not {shown(name, most=80)!r}"
    for name, times in Counter(values.instances).items():
        if times > 1:
            yield f"--instances names {shown(name)} twice"
    if not all(values.instances):
        yield "--instances takes names with a comma between, and one of these is empty"
    for balancer in values.load_balancers:
        if len(balancer.split()) != 1:
            yield f"--load-balancer takes a name or an ARN, which has no blank, not {shown(balancer)!r}"
    if values.command and values.via != "command":
        yield "the words after -- are for --via command"
    if values.via == "command" and not values.command:
        yield "--via command needs the command, after --"
    if values.format_version is not None and not OLDEST <= values.format_version <= NEWEST:
        yield f"GoCD reads format_version {OLDEST} to {NEWEST}, not {values.format_version}"
