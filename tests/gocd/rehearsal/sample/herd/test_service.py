"""What the sample HERD answers, through its load balancer."""

import base64
import json
import re
import urllib.error
import urllib.request

import pytest

from gocd.errors import GoCDError
from gocd.rehearsal.sample.herd.revision import build_revision
from gocd.rehearsal.sample.herd.stack import Herd, build_herd
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.sample.herd.conftest import call
from tests.gocd.rehearsal.standin_aws.services.code_deploy.deploying import ended


def get(herd: Herd, path: str, **headers: str) -> tuple[str, str]:
    """Fetch a page; gives its content type and text."""
    request = urllib.request.Request(herd.balancer.url.rstrip("/") + path, headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def test_build_information_comes_as_xml_or_json_and_on_a_page_for_people_and_health_checks(
    herd: Herd,
) -> None:
    xml = get(herd, "/herd-app/rest/buildInfo")
    anything = get(herd, "/herd-app/rest/buildInfo", Accept="*/*")
    kind, text = get(herd, "/herd-app/rest/buildInfo", Accept="application/json")
    told = json.loads(text)

    assert xml == anything
    assert xml[0] == "application/xml"
    assert "<buildInformation><buildUser>root</buildUser>" in xml[1]
    assert "<buildNumber>0.83.0</buildNumber></buildInformation>" in xml[1]
    assert kind == "application/json"
    assert set(told) == {"buildUser", "buildDate", "buildNumber"}
    assert told["buildNumber"] == "0.83.0"
    assert re.fullmatch(r"\d{8}_\d{6}", told["buildDate"])

    kind, text = get(herd, "/herd-app/displayBuildInfo")
    assert kind == "text/html"
    assert "Build Number: 0.83.0" in text
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(herd, "/elsewhere")


@pytest.mark.exhaustive
def test_rest_can_ask_who_you_are_and_an_upgrade_knows(cloud: World) -> None:
    herd = build_herd(cloud, credentials="ada:secret", deregistration_delay=1)
    for headers in ({}, {"Authorization": f"Basic {base64.b64encode(b'ada:wrong').decode()}"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            get(herd, "/herd-app/rest/buildInfo", **headers)
        assert refused.value.code == 401
        assert refused.value.headers["WWW-Authenticate"].startswith("Basic")
    deployment_id = call(herd, {"RequestedVersion": "0.84.0"}).deployment_id
    ended(cloud, deployment_id, "Succeeded", patience=60)
    allowed = f"Basic {base64.b64encode(b'ada:secret').decode()}"

    assert "0.84.0" in get(herd, "/herd-app/rest/buildInfo", Authorization=allowed)[1]
    assert "0.84.0" in get(herd, "/herd-app/displayBuildInfo")[1]


def test_the_revision_is_the_same_each_time_and_knows_its_breakages() -> None:
    assert build_revision() == build_revision()
    assert build_revision() != build_revision(broken="starts-not", of="0.84.0")
    with pytest.raises(GoCDError, match="'melts' is not a breakage of HERD: use one of starts-not"):
        build_revision(broken="melts")
