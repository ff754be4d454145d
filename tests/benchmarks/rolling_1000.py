"""What a large fleet costs a rollout: ``python tests/benchmarks/rolling_1000.py [SERVERS] [BATCH...]``.

The stand-in AWS holds that many instances (1,000 if none are asked for), each a folder in which the
scripts of the deployment really run. One process answers for all of them what their folders say. For each
size of a batch the whole fleet gets a release; what is told are AWS calls, seconds, and memory.
"""

import asyncio
import itertools
import json
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from gocd.rehearsal.sample.release import build_release
from gocd.rehearsal.standin_aws.cloud import StandInAWS
from gocd.rehearsal.standin_aws.control.journal import Call
from gocd.rehearsal.standin_aws.load_balancer import LoadBalancer
from gocd.rehearsal.standin_aws.machines.instances import Instance, Service
from gocd.rehearsal.standin_aws.world import World

PROGRAM = Path(sys.executable).with_name("gocd-tasks")
# Targets of one RegisterTargets.
AT_A_TIME = 100


def serve(listening: socket.socket, addresses: Path) -> None:
    """Answer at every loopback address what the folder of that instance has; in a process of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version = addresses / writer.get_extra_info("sockname")[0] / "srv/app/current/VERSION"
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                body = json.dumps({"version": version.read_text().strip()}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def forever() -> None:
        async with await asyncio.start_server(answer, sock=listening, backlog=4096) as server:
            await server.serve_forever()

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(forever())


def launched(cloud: World, count: int, first: Path, addresses: Path) -> list[Instance]:
    """Launch them without a process each, all with the first release in place."""
    service = Service(
        exec_start=(),
        install_to="/srv/app",
        archives={"/srv/app/releases/1.0": first},
        links={"/srv/app/current": "releases/1.0"},
    )
    made = []
    for index, zone in enumerate(cloud.network.zones):
        share = count // 3 + (index < count % 3)
        if not share:
            continue
        told = cloud.client("ec2").run_instances(
            ImageId="ami-12c6146b", MinCount=share, MaxCount=share, SubnetId=cloud.network.subnet(zone)
        )
        for entry in told["Instances"]:
            key, address = entry["InstanceId"], entry["PrivateIpAddress"]
            instance = Instance(key, key, address, zone, cloud.parts.instances.root_of(key), service)
            cloud.parts.instances.add(instance)
            (addresses / address).symlink_to(instance.root)
            made.append(instance)
    return made


def registered(cloud: World, instances: list[Instance], port: int) -> LoadBalancer:
    made = cloud.target_group("fleet", port=port, deregistration_delay=1, interval=30, timeout=10)
    for start in range(0, len(instances), AT_A_TIME):
        some = [{"Id": each.id} for each in instances[start : start + AT_A_TIME]]
        cloud.client("elbv2").register_targets(TargetGroupArn=made.arn, Targets=some)
    cloud.wait_until_serving(made, instances, patience=300)
    return made


def rolled(cloud: World, release: Path, version: str, batch: str, port: int) -> None:
    """Deploy to everyone and tell what it took."""
    cloud.journal.clear()
    words = (
        *("rolling-deploy", release, "--version", version, "--load-balancer", "fleet", "--batch", batch),
        *("--bucket", "releases", "--install-to", "/srv/app", "--restart", "true", "--settle", "0"),
        *("--status-url", f"http://{{private_ip}}:{port}/_status", "--expect-json", "version={version}"),
        *("--lock", "none"),
    )
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **cloud.environment}
    began = time.time()
    marks, memory = [], 0
    run = subprocess.Popen([PROGRAM, *words], env=environment, stdout=subprocess.PIPE, text=True)
    assert run.stdout
    for line in run.stdout:
        if line.startswith(("Batch:", "Phase")):
            marks.append((time.time(), line.split(":")[0]))
        memory = max(memory, peak(run.pid))
    _, status, used = os.wait4(run.pid, 0)
    run.returncode = os.waitstatus_to_exitcode(status)
    ended = time.time()
    calls = [call for call in cloud.journal.calls if not call.presigned]
    say(
        f"batches of {batch}: exit {run.returncode}, {len(calls)} AWS calls, {ended - began:.0f} s, "
        f"{memory / 1024:.0f} MB, {used.ru_utime + used.ru_stime:.1f} s of CPU"
    )
    marks.append((ended, ""))
    for (start, what), (end, _) in itertools.pairwise(marks):
        within = [call for call in calls if start <= call.at < end]
        say(f"  {what[:12]:12} {end - start:6.1f} s  {len(within):3} calls: {counted(within)}")


def peak(pid: int) -> int:
    """The most memory of a process so far, in KB; what wait4 tells begins with its parent's."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return max((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), default=0)


def counted(calls: list[Call]) -> str:
    return ", ".join(f"{name} {n}" for name, n in Counter(call.operation for call in calls).most_common())


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


def main() -> None:
    """Build the fleet, and deploy to it once for each size of a batch."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    batches = sys.argv[2:] or ["10%", "5%"]
    with tempfile.TemporaryDirectory() as name, socket.create_server(("0.0.0.0", 0)) as listening:
        folder = Path(name)
        addresses = folder / "addresses"
        addresses.mkdir()
        port = listening.getsockname()[1]
        multiprocessing.Process(target=serve, args=(listening, addresses), daemon=True).start()
        first = build_release("1.0", folder)
        with StandInAWS(folder / "aws", registration_delay=0.1) as cloud:
            cloud.client("s3").create_bucket(
                Bucket="releases", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
            began = time.monotonic()
            instances = launched(cloud, count, first, addresses)
            say(f"{count} instances launched in {time.monotonic() - began:.0f} s")
            registered(cloud, instances, port)
            say(f"all in service after {time.monotonic() - began:.0f} s")
            for number, batch in enumerate(batches, 2):
                version = f"{number}.0"
                rolled(cloud, build_release(version, folder), version, batch, port)


if __name__ == "__main__":
    main()
