"""What a rehearsal makes of a pipeline's own parameters."""

from pathlib import Path

import pytest

from gocd.rehearsal.plan import Plan
from gocd.rehearsal.site import read_site

PIPELINES = Path(__file__).parents[3] / "pipelines"
TEMPLATES = [PIPELINES / f"{name}.gocd.yaml" for name in ("staging", "production", "rolling")]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_each_template_is_led_to_the_folder_and_the_service_of_a_windows_host(
    tmp_path: Path, file: Path
) -> None:
    approved = [
        stage
        for stage in ("Production-1-out", "Production-1-in", "Production-2")
        if "production" in file.name
    ]
    read = read_site(Plan(file, tmp_path, platform="windows", approve=approved).pipeline())

    assert (read.install_to, read.unit) == (r"C:\srv\app", "app")


def test_what_a_windows_site_has_in_its_file_or_a_person_gives_is_left_as_it_is(tmp_path: Path) -> None:
    ours = tmp_path / "ours.gocd.yaml"
    ours.write_text(
        TEMPLATES[0]
        .read_text()
        .replace("install_to: /srv/app", r"install_to: D:\apps\shop")
        .replace("restart: systemctl restart app", "restart: Restart-Service Shop")
    )
    of_the_file = read_site(Plan(ours, tmp_path, platform="windows").pipeline())
    given = {"install_to": r"E:\shop"}
    of_a_person = read_site(Plan(TEMPLATES[0], tmp_path, platform="windows", parameters=given).pipeline())

    assert (of_the_file.install_to, of_the_file.unit) == (r"D:\apps\shop", "Shop")
    assert (of_a_person.install_to, of_a_person.unit) == (r"E:\shop", "app")


def test_linux_hosts_keep_the_files_own_values(tmp_path: Path) -> None:
    assert Plan(TEMPLATES[0], tmp_path).platform_parameters() == {}
