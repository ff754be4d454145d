"""How fast result files are measured, and in how much memory: ``python tests/benchmarks/read_jtl.py [MB]``.

Each form is written to a temporary folder, read in a process of its own, and told in MB per minute.
"""

import gzip
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HEADER = (
    "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,failureMessage,"
    "bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n"
)
MEASURE = """
import resource, sys, time
from pathlib import Path
from gocd.samples.measurement import measure
start = time.perf_counter()
found = measure(Path(sys.argv[1]))
took = time.perf_counter() - start
print(found.sent, took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def csv_lines() -> Iterator[str]:
    yield HEADER
    chance = random.Random(1)
    at = 1_795_205_620_000
    while True:
        at += chance.randint(0, 2)
        label, user = chance.randint(1, 7), chance.randint(1, 20)
        yield (
            f"{at},{chance.randint(1, 80)},GET /{label},200,OK,users 1-{user},text,true,,2340,117,20,20,"
            f"http://10.0.0.9:8080/some/path/{label},20,0,{user % 3}\n"
        )


def xml_lines() -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testResults version="1.2">\n'
    rows = csv_lines()
    next(rows)
    for row in rows:
        at, took, label, *_ = row.split(",")
        yield (
            f'<httpSample t="{took}" it="0" lt="20" ct="0" ts="{at}" s="true" lb="{label}" rc="200" rm="OK" '
            'tn="users 1-1" dt="text" by="2340" sby="117" ng="20" na="20">\n'
            "  <java.net.URL>http://10.0.0.9:8080/some/path</java.net.URL>\n</httpSample>\n"
        )


def written(path: Path, lines: Iterator[str], size: int) -> Path:
    with path.open("w") as file:
        left = size
        for line in lines:
            file.write(line)
            left -= len(line)
            if left < 0:
                break
        if path.suffix == ".xml":
            file.write("</testResults>\n")
    return path


def tell(path: Path, size: int) -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, check=True)
    samples, seconds, memory = (float(word) for word in done.stdout.split())
    speed = size / 1e6 / seconds * 60
    print(  # noqa: T201
        f"{path.name:12} {size / 1e6:7,.0f} MB  {samples:11,.0f} samples  {seconds:6.1f} s  "
        f"{speed:7,.0f} MB a minute  {memory:5.0f} MB of memory"
    )


def main() -> None:
    """Write each form and measure it."""
    size = int(float(sys.argv[1] if len(sys.argv) > 1 else "100") * 1e6)
    with tempfile.TemporaryDirectory() as folder:
        for form, lines in {"run.csv": csv_lines(), "run.xml": xml_lines()}.items():
            path = written(Path(folder, form), lines, size)
            tell(path, size)
            packed = path.with_name(f"{form}.gz")
            with path.open("rb") as plain, gzip.open(packed, "wb", compresslevel=1) as zipped:
                shutil.copyfileobj(plain, zipped)
            path.unlink()
            tell(packed, size)
            packed.unlink()


if __name__ == "__main__":
    main()
