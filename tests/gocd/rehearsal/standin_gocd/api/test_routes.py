import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from gocd.pipeline import Approval
from gocd.rehearsal.standin_gocd.api.security import Right, User
from tests.gocd.rehearsal.standin_gocd.rehearsed import bash, pipeline, stage
from tests.gocd.rehearsal.standin_gocd.serving import TOKEN, USERS, GoCD, private_tls, serving

INCORRECT = "The url you are trying to reach appears to be incorrect."
CONFIRM = {"X-GoCD-Confirm": "true"}


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[GoCD]:
    for_vera = Approval(manual=True, users=("vera",))
    app = pipeline(stage("one", bash("true")), stage("two", bash("true"), approval=for_vera), name="app")
    with serving(tmp_path, app, users=[*USERS, User("vera", "vixen", Right.OPERATE)]) as made:
        yield made


def said(answer: requests.Response) -> tuple[int, str]:
    is_text = answer.headers["Content-Type"].startswith("text/plain")
    return answer.status_code, answer.text.strip() if is_text else answer.json()["message"]


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/json",
        "application/vnd.go.cd.v2+json",
        "application/vnd.go.cd.v1+json, */*",
        "application/vnd.go.cd.v1+json; charset=utf-8",
        "application/vnd.go.cd.V1+json",
    ],
)
def test_another_version_than_the_one_there_is_has_no_such_page(accept: str, gocd: GoCD) -> None:
    answer = gocd.get("/api/pipelines/app/history", headers={"Accept": accept})

    assert said(answer) == (404, INCORRECT)


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/api/pipelines/app/history", 1),
        ("/api/pipelines/app/status", 1),
        ("/api/stages/app/build/history", 3),
        ("/api/agents", 7),
        ("/api/version", 1),
    ],
)
def test_the_one_version_is_right_and_so_is_the_latest(path: str, version: int, gocd: GoCD) -> None:
    answer = gocd.get(path, version)

    assert answer.ok
    assert answer.headers["Content-Type"].startswith(f"application/vnd.go.cd.v{version}+json")
    assert gocd.get(path, headers={"Accept": "application/vnd.go.cd+json"}).ok
    assert said(gocd.get(path, version + 1)) == (404, INCORRECT)


@pytest.mark.parametrize(
    ("headers", "body", "status", "text"),
    [
        ({}, None, 400, "Missing required header 'X-GoCD-Confirm' with value 'true'"),
        (CONFIRM, b"{}", 415, "You must specify a 'Content-Type' of 'application/json'"),
        (
            {"Content-Type": "text/json"},
            b"{}",
            415,
            "You must specify a 'Content-Type' of 'application/json'",
        ),
        (CONFIRM, None, 202, "Request to schedule pipeline app accepted"),
        (
            {"Content-Type": "application/json; charset=utf-8"},
            b"{}",
            202,
            "Request to schedule pipeline app accepted",
        ),
    ],
)
def test_a_change_says_what_it_sends_or_that_it_means_it(
    headers: Mapping[str, str], body: bytes | None, status: int, text: str, gocd: GoCD
) -> None:
    asked = {"Accept": "application/vnd.go.cd.v1+json", **headers}

    answer = requests.post(f"{gocd.url}/api/pipelines/app/schedule", data=body, headers=asked, timeout=30)

    assert said(answer) == (status, text)


def test_a_body_may_come_in_pieces(gocd: GoCD) -> None:
    headers = {"Accept": "application/vnd.go.cd.v1+json", "Content-Type": "application/json"}

    answer = requests.post(
        f"{gocd.url}/api/pipelines/app/pause",
        data=iter([b'{"pause_', b'cause": "disks"}']),
        headers=headers,
        timeout=30,
    )

    assert answer.ok
    assert gocd.get("/api/pipelines/app/status").json()["paused_cause"] == "disks"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_what_a_page_does_not_do_is_no_page(method: str, gocd: GoCD) -> None:
    headers = {"Accept": "application/vnd.go.cd.v1+json", **CONFIRM}

    answer = requests.request(method, f"{gocd.url}/api/pipelines/app/status", headers=headers, timeout=30)

    assert said(answer) == (404, INCORRECT)


def test_a_client_that_hangs_up_or_distrusts_is_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context, _ = private_tls(tmp_path)
    with serving(tmp_path / "gocd", pipeline(stage("one", bash("true"))), tls=context) as gocd:
        for _ in range(2):
            with pytest.raises(requests.exceptions.SSLError):
                gocd.get("/api/version")

    assert capfd.readouterr() == ("", "")


def test_a_body_that_is_no_json_is_told_as_an_error(gocd: GoCD) -> None:
    headers = {"Accept": "application/vnd.go.cd.v1+json", "Content-Type": "application/json"}

    answer = requests.post(f"{gocd.url}/api/pipelines/app/schedule", data="{", headers=headers, timeout=30)

    assert answer.status_code == 400
    assert answer.json()["error"].startswith("Payload data is not valid JSON")


@pytest.mark.parametrize("kind", ["Basic", "Bearer"])
def test_credentials_are_refused_where_security_is_off(kind: str, gocd: GoCD) -> None:
    headers = {"Accept": "application/vnd.go.cd.v1+json", "Authorization": f"{kind} {TOKEN}"}

    off = "credentials are not required, since security has been disabled on this server."
    assert said(gocd.get("/api/version", headers=headers)) == (401, f"{kind} authentication {off}")
    assert gocd.get("/api/current_user").status_code == 403


def _basic(credentials: str) -> str:
    return f"Basic {base64.b64encode(credentials.encode()).decode()}"


@pytest.mark.parametrize(
    ("authorization", "status", "text"),
    [
        ("", 401, "You are not authenticated!"),
        (_basic("ann:wrong"), 401, "Invalid credentials. Either your username and password are incorrect"),
        ("Bearer 123", 401, "Invalid Personal Access Token."),
        (f"Bearer {TOKEN[:-1]}x", 401, "Invalid Personal Access Token."),
        (_basic("eve:elk"), 403, "You are not authorized to perform this action."),
        (_basic("vic:vole"), 200, ""),
        (f"Bearer {TOKEN}", 200, ""),
    ],
)
def test_who_may_look_is_told_by_a_password_or_a_token(
    authorization: str, status: int, text: str, secured: GoCD
) -> None:
    headers = {"Accept": "application/vnd.go.cd.v1+json", "Authorization": authorization}

    answer = secured.get("/api/pipelines/app/history", headers=headers)

    assert answer.status_code == status
    assert answer.json().get("message", "").startswith(text)


def test_rights_are_asked_for_after_the_headers_and_whether_there_is_such_a_pipeline(secured: GoCD) -> None:
    vic, ann = ("vic", "vole"), ("ann", "otter")

    assert said(secured.post("/api/pipelines/app/schedule", auth=vic))[0] == 403
    assert said(secured.get("/api/pipelines/app/status", auth=vic))[0] == 403
    assert said(secured.post("/api/pipelines/none/schedule", auth=vic)) == (
        404,
        "Pipeline with name 'none' was not found!",
    )
    preflight = "/api/admin/config_repo_ops/preflight"
    assert said(secured.post(preflight, auth=ann)) == (403, "You are not authorized to access this resource!")
    assert said(secured.post("/api/pipelines/app/schedule", auth=ann))[0] == 202
    run = secured.until("/api/pipelines/app/1", lambda _: True, auth=ann)
    assert (run["build_cause"]["approver"], run["stages"][0]["approved_by"]) == ("ann", "ann")


def test_a_stage_may_be_for_certain_people_only(secured: GoCD) -> None:
    ann, jez, vera = ("ann", "otter"), ("jez", "badger"), ("vera", "vixen")
    secured.post("/api/pipelines/app/schedule", auth=ann)
    secured.until_over("app/1/one", auth=ann)
    offered = {
        user[0]: secured.get("/api/pipelines/app/1", auth=user).json()["stages"][1]["operate_permission"]
        for user in (ann, jez, vera)
    }
    path = "/api/stages/app/1/two/run"

    denied = said(secured.post(path, version=2, auth=ann))

    assert offered == {"ann": False, "jez": True, "vera": True}
    assert denied == (403, "User does not have operate permissions for stage [two] of pipeline [app]")
    assert said(secured.post(path, version=2, auth=vera))[0] == 202


def test_the_version_is_told_to_everybody(secured: GoCD) -> None:
    assert secured.get("/api/version").json()["version"] == "26.2.0"
    assert requests.get(f"{secured.url}/api/v1/health", timeout=30).json() == {"health": "OK"}
    assert secured.get("/api/current_user", auth=("vic", "vole")).json()["login_name"] == "vic"


def test_a_server_with_a_private_authority_is_asked_over_tls(tmp_path: Path) -> None:
    context, authority = private_tls(tmp_path)
    with serving(tmp_path / "gocd", pipeline(stage("one", bash("true"))), tls=context) as gocd:
        assert gocd.get("/api/version", verify=str(authority)).ok
        assert gocd.url.startswith("https://127.0.0.1:")


def test_faults_befall_the_next_requests(gocd: GoCD) -> None:
    gocd.faults.fail()
    gocd.faults.limit()

    assert gocd.get("/api/version").json() == {"error": "out of order"}
    assert said(gocd.get("/api/version")) == (429, "Rate Limit Exceeded.")
    gocd.faults.unheard = 1
    with pytest.raises(requests.ConnectionError):
        gocd.post("/api/pipelines/waits/schedule")
    assert gocd.get("/api/pipelines/waits/status").json()["schedulable"]
    gocd.faults.cut = 1
    with pytest.raises(requests.ConnectionError):
        gocd.post("/api/pipelines/waits/schedule")
    assert not gocd.get("/api/pipelines/waits/status").json()["schedulable"]
    gocd.faults.maintenance = True
    assert gocd.post("/api/pipelines/app/schedule").status_code == 503
    assert gocd.get("/api/version").ok
