"""The options that say how a release is placed, shared by every command that places one."""

from typing import Annotated

import typer

from tasks.options import argument, option

Artifact = Annotated[
    str | None,
    argument("ARTIFACT", "The release: a .tar.gz, .tar.xz or .zip, a folder, or s3://BUCKET/KEY."),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[-- CMD...]",
        help="For --via command: {instance_id} {name} {private_ip} {artifact} {version}.",
    ),
]
Via = Annotated[str, option("--via", "How: ssm, codedeploy, command, or one that a site has added.")]
Application = Annotated[
    str, option("--application", "The folder in the bucket; codedeploy: the application's name.")
]
Bucket = Annotated[
    str | None, option("--bucket", "The S3 bucket that it passes through; not for s3:// artifacts.")
]
InstallTo = Annotated[
    str | None, option("--install-to", "ssm: the folder on the instance, holding releases/ and current.")
]
Restart = Annotated[
    str | None, option("--restart", "ssm: the command on the instance that starts the release.")
]
KeepReleases = Annotated[int, option("--keep-releases", "ssm: how many stay there.", min=2)]
DeploymentGroup = Annotated[
    str | None,
    option("--deployment-group", "codedeploy: the group that holds one instance alone; {name} works."),
]
DeployTimeout = Annotated[float, option("--deploy-timeout", "Seconds for the placing.", min=30)]
StatusUrl = Annotated[
    str | None, option("--status-url", "Then ask this, such as http://{private_ip}:8080/_status.")
]
