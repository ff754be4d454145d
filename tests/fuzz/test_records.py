"""The record of a release, as a host tells it: it matches, it differs, or it is none of ours."""

import json
from datetime import datetime, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.deployers.record import compared
from tasks.deployers.release import Release
from tests.fuzz.bounds import read
from tests.fuzz.spoiling import spoilt_bytes, spoilt_json

SHA = "ab" * 32
SINCE = datetime(2026, 1, 1, tzinfo=timezone.utc)
RELEASE = Release("app", "2.0", "app.tgz")
RECORD = {"application": "app", "version": "2.0", "sha256": SHA, "time": "2026-01-02T03:04:05+00:00"}
OLDER = {**RECORD, "time": "2025-01-02T03:04:05+00:00"}


@given(
    st.one_of(
        spoilt_json(RECORD, OLDER).map(lambda record: b"record " + record),
        spoilt_bytes(b"record " + json.dumps(RECORD).encode(), b"nothing no release.json", b""),
    )
)
@example(b"record " + json.dumps(RECORD).encode())
def test_a_record_matches_only_what_it_names(told: bytes) -> None:
    text = told.decode("utf-8", "replace")

    record = read(lambda: compared(text, RELEASE, SHA, SINCE))

    assert record is not None
    assert record.words
    if record.matches:
        written = json.loads(text.removeprefix("record "))
        assert (written["version"], written["sha256"]) == ("2.0", SHA)
        assert datetime.fromisoformat(written["time"]).astimezone(timezone.utc) >= SINCE
