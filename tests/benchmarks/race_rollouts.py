"""Two rollouts at the same moment, again and again: ``python tests/benchmarks/race_rollouts.py [ROUNDS]``.

In every round one has to win, the other has to name it, and the data plane, looked at every few
milliseconds, has to have as many servers as the floor asks for at every moment.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Service
from gocd.rehearsal.standin_aws.world import World

PROGRAM = Path(sys.executable).with_name("gocd-tasks")
FLOOR = 1


def service(folder: Path) -> Service:
    return Service(
        exec_start=[
            *("{python}", "{install_to}/current/service.py"),
            *("--host", "{private_ip}", "--port", "{port}"),
        ],
        install_to="/srv/app",
        archives={"/srv/app/releases/1.0": build_release("1.0", folder)},
        links={"/srv/app/current": "releases/1.0"},
    )


class Sampling:
    """Counts the servers that traffic goes to, from here to the end of the ``with`` block."""

    def __init__(self, cloud: World, balancer: LoadBalancer) -> None:
        self.counts: list[int] = []
        self._cloud, self._balancer = cloud, balancer
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "Sampling":
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(0.004):
            self.counts.append(len(self._cloud.serving(self._balancer)))


def main() -> None:
    """Race, and tell how it went."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    won_once = named = samples = under = 0
    seconds = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with StandInAWS(folder / "aws", registration_delay=0.1, health_check_speed=50) as cloud:
            place = {"LocationConstraint": "eu-west-1"}
            cloud.client("s3").create_bucket(Bucket="releases", CreateBucketConfiguration=place)
            runs = service(folder)
            servers = [cloud.launch(f"Fleet-{n}", service=runs) for n in (1, 2, 3)]
            balancer = cloud.target_group("fleet", instances=servers, deregistration_delay=1)
            environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **cloud.environment}
            for number in range(rounds):
                version = f"2.{number}"
                command = [
                    *(
                        str(PROGRAM),
                        "rolling-deploy",
                        str(build_release(version, folder)),
                        "--version",
                        version,
                    ),
                    *("--load-balancer", "fleet", "--batch", "2", "--min-healthy", str(FLOOR)),
                    *("--bucket", "releases", "--install-to", "/srv/app"),
                    *("--restart", "systemctl restart app", "--settle", "0"),
                    *("--status-url", "http://{private_ip}:8080/_status"),
                    *("--expect-json", "version={version}"),
                ]
                start = time.monotonic()
                with Sampling(cloud, balancer) as seen:
                    both = [
                        subprocess.Popen(
                            command,
                            env=environment,
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE,
                            text=True,
                        )
                        for _ in range(2)
                    ]
                    ends = [(run.communicate()[1], run.returncode) for run in both]
                seconds.append(time.monotonic() - start)
                won_once += sorted(code for _, code in ends) == [0, 2]
                named += any(code == 2 and "is locked by" in error for error, code in ends)
                samples += len(seen.counts)
                under += sum(count < FLOOR for count in seen.counts)
                if sorted(code for _, code in ends) != [0, 2]:
                    print(f"round {number + 1}: {ends}")  # noqa: T201
    print(  # noqa: T201
        f"{rounds} rounds: in {won_once} exactly one won, in {named} the other named it; under the floor "
        f"of {FLOOR} in {under} of {samples:,} samples; {sum(seconds) / len(seconds):.1f} s a round"
    )


if __name__ == "__main__":
    main()
