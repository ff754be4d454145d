"""The address that was tested is told from what was recorded, in each form of it."""

import gzip
from pathlib import Path

import pytest

from gocd.samples.addresses import addresses_of, named

UNNAMED = "1000,5,a,200,OK,users 1-1,text,true,,9,9,1,1,{},4,0,1\n"
XML = "<testResults><httpSample t='5' ts='1000' s='true'><java.net.URL>{}</java.net.URL></httpSample>"


@pytest.mark.parametrize(
    ("form", "url", "address"),
    [
        (
            "timeStamp,elapsed,success,URL\n1000,5,true,{}\n",
            "https://example.com/a?b=c",
            "https://example.com",
        ),
        ("timeStamp;elapsed;URL;success\n1000;5;{};true\n", "http://10.0.0.9:8080/", "http://10.0.0.9:8080"),
        ("timeStamp,elapsed,success,URL\n1000,5,true,{}", "http://me:secret@10.0.0.9/", "http://10.0.0.9"),
        ('timeStamp,label,url\n1,"a\nhttp://other/",{}\n', "http://[::1]:80/x", "http://[::1]:80"),
        (UNNAMED, "http://10.0.0.9:8080/", "http://10.0.0.9:8080"),
        (XML, "http://10.0.0.9:8080/?a=1&amp;b=2", "http://10.0.0.9:8080"),
    ],
)
def test_it_is_found_in_every_form(tmp_path: Path, form: str, url: str, address: str) -> None:
    jtl, packed = tmp_path / "a.jtl", tmp_path / "a.jtl.gz"
    jtl.write_text(form.format(url))
    packed.write_bytes(gzip.compress(jtl.read_bytes()))

    assert addresses_of([jtl]) == addresses_of([packed]) == addresses_of([jtl, packed]) == (address,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "timeStamp,elapsed,success\n1000,5,true\n",
        "timeStamp,elapsed,success,URL\n1000,5,true,null\n1000,5,true,\n",
        "timeStamp,label,success,URL\n1000,http://10.0.0.9/,true,\n",
        "<testResults><sample t='5' ts='1000' s='true'/>",
        "timeStamp,URL\n1000,\0\n",
    ],
)
def test_a_record_that_names_none_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jtl").write_text(text)

    assert addresses_of([tmp_path / "a.jtl"]) == ()


def test_of_several_the_most_asked_comes_first_and_the_rest_is_counted(tmp_path: Path) -> None:
    hosts = ["d", "a", "b", "b", "c", "b", "a", "e"]
    rows = "".join(f"1000,5,true,http://{host}/\n" for host in hosts)
    (tmp_path / "a.jtl").write_text(f"timeStamp,elapsed,success,URL\n{rows}")
    found = addresses_of([tmp_path / "a.jtl"])

    assert found[:2] == ("http://b", "http://a")
    assert named(found) == "http://b, http://a, http://d and 2 more"
    assert named(()) == ""
