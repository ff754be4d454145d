"""Archives: honest ones pass, and what reaches out, lies or swells is refused; tar and zip alike."""

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable

import pytest

from tasks.archives import archive
from tasks.archives import zip as zip_archive
from tasks.archives.archive import check_archive, sha256
from tasks.deployers.record import OWN_NAMES
from tasks.running.errors import Refused
from tests.tasks.archives.names import DOS, NAME, READ_ALIKE, zip_named


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    return info


def tar(*members: tarfile.TarInfo, mode: str = "w:gz", **settings: object) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, **settings) as made:  # type: ignore[call-overload]
        for each in members:
            made.addfile(each, io.BytesIO(b"\0" * each.size))
    return packed.getvalue()


def entry(
    name: str, content: bytes = b"x", mode: int = stat.S_IFREG | 0o644
) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo(name)
    info.filename = name
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info, content


def zipped(*entries: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for info, content in entries:
            made.writestr(info, content)
    return packed.getvalue()


def check(content: bytes, *, windows: bool = False, folder: str = "") -> str:
    return check_archive(io.BytesIO(content), "app", windows=windows, folder=folder)


APP = member("app", size=10)
LINK = stat.S_IFLNK | 0o777


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2", "w"])
def test_an_honest_tar_passes(mode: str) -> None:
    members = [
        member(".", tarfile.DIRTYPE),
        member("bin", tarfile.DIRTYPE),
        member("bin/app", size=1000),
        member("bin", tarfile.DIRTYPE),
        member("bin/current", tarfile.SYMTYPE, "app"),
        member("lib/up", tarfile.SYMTYPE, "../bin/app"),
        member("./..dotted", size=1),
        member("name with spaces, grüße, 日本, $(x) and 'quotes'", size=1),
        member("dev\\x2ddisk.mount", size=1),
        member("hard", tarfile.LNKTYPE, "bin/app"),
        member("x" * 200 + "/" + "y" * 200, size=1),
    ]

    assert check(tar(*members, mode=mode)) == "tar"


def test_an_honest_zip_passes() -> None:
    folder = zipfile.ZipInfo("bin/")
    folder.external_attr = (stat.S_IFDIR | 0o755) << 16
    entries = [
        (folder, b""),
        entry("bin/app", b"a" * 1000, stat.S_IFREG | 0o755),
        entry("bin/current", b"app", LINK),
        entry("made/on/windows", mode=0),
        entry("grüße-日本"),
        entry("empty", b""),
    ]

    assert check(zipped(*entries)) == "zip"


@pytest.mark.parametrize("kind", READ_ALIKE)
def test_a_name_in_utf_8_passes_however_a_zip_says_so(kind: str) -> None:
    [found] = archive.members(io.BytesIO(READ_ALIKE[kind]), "zip")

    assert (check(READ_ALIKE[kind]), found.name) == ("zip", NAME)


TARS = {
    "up": ([member("../evil")], "leaves the release folder"),
    "up in the middle": ([member("a/../../evil")], "leaves the release folder"),
    "absolute": ([member("/etc/passwd")], "leaves the release folder"),
    "parent itself": ([member("..")], "leaves the release folder"),
    "no name": ([member("./")], "in place of the release folder"),
    "windows up": ([member("..\\..\\evil")], "leaves the release folder"),
    "windows up, mixed": ([member("a\\..\\../evil")], "leaves the release folder"),
    "windows absolute": ([member("\\evil")], "leaves the release folder"),
    "windows drive": ([member("C:\\evil")], "leaves the release folder"),
    "newline": ([member("a\nb")], "control characters"),
    "escape sequence": ([member("a\x1b[2Jb")], "control characters"),
    "carriage return": ([member("app\rFAKE")], "control characters"),
    "line separator": ([member("a\u2028b")], "control characters"),
    "not utf-8": ([member("a\udcffb")], r"'a\\xffb', a name that is no UTF-8"),
    "link to what is not utf-8": ([member("out", tarfile.SYMTYPE, "a\udcffb")], "a name that is no UTF-8"),
    "long name": ([member("x" * 300)], "too long"),
    "long path": ([member("/".join(["x" * 100] * 40))], "too long"),
    "deep": ([member("/".join("x" * 120))], "too long"),
    "link to absolute": ([member("out", tarfile.SYMTYPE, "/etc")], "link out"),
    "link up": ([member("out", tarfile.SYMTYPE, "../etc")], "link out"),
    "link up from inside": ([member("a/b/out", tarfile.SYMTYPE, "../../../etc")], "link out"),
    "link nowhere": ([member("out", tarfile.SYMTYPE, "")], "link out"),
    "link to windows up": ([member("out", tarfile.SYMTYPE, "..\\..\\etc")], "link out"),
    "link by another link": (
        [member("a/b/x", tarfile.SYMTYPE, "../.."), member("out", tarfile.SYMTYPE, "a/b/x/..")],
        "'..' after a name",
    ),
    "hard link to absolute": ([APP, member("out", tarfile.LNKTYPE, "/etc/passwd")], "link out"),
    "hard link up": ([APP, member("out", tarfile.LNKTYPE, "../passwd")], "link out"),
    "hard link to later": ([member("out", tarfile.LNKTYPE, "app"), APP], "hard link to no file"),
    "hard link to link": (
        [member("l", tarfile.SYMTYPE, "app"), member("out", tarfile.LNKTYPE, "l"), APP],
        "hard link to no file",
    ),
    "hard link through link": (
        [
            member("d/app", size=1),
            member("l", tarfile.SYMTYPE, "d"),
            member("out", tarfile.LNKTYPE, "l/app"),
        ],
        "hard link to no file",
    ),
    "written through a link": (
        [member("a", tarfile.SYMTYPE, "b"), member("a/evil", size=1)],
        "through a link",
    ),
    "written through a link, deeper": (
        [member("d/a", tarfile.SYMTYPE, "."), member("d/a/x/evil", size=1)],
        "through a link",
    ),
    "below a file": ([member("a", size=1), member("a/b", size=1)], "through a link or a file"),
    "twice": ([member("a", size=1), member("a", size=1)], "twice"),
    "twice in other words": ([member("a", size=1), member("./x/../a", size=1)], "twice"),
    "link over a folder": ([member("a/b", size=1), member("a", tarfile.SYMTYPE, "c")], "twice"),
    "file over a link": ([member("a", tarfile.SYMTYPE, "app"), member("a", size=1)], "twice"),
    "link as the release": ([member(".", tarfile.SYMTYPE, "x")], "in place of the release folder"),
    "block device": ([member("disk", tarfile.BLKTYPE)], "neither file"),
    "character device": ([member("tty", tarfile.CHRTYPE)], "neither file"),
    "pipe": ([member("pipe", tarfile.FIFOTYPE)], "neither file"),
    "unknown type": ([member("what", b"Z")], "neither file|damaged"),
    "nothing": ([], "no file"),
    "folders only": ([member("a", tarfile.DIRTYPE)], "no file"),
}


@pytest.mark.parametrize("case", TARS)
def test_a_tar_that_no_release_needs_is_refused(case: str) -> None:
    hostile, words = TARS[case]
    first = [] if case in ("nothing", "folders only", "hard link to later", "hard link to link") else [APP]
    if any(each.name == "app" for each in hostile):
        first = []
    with pytest.raises(Refused, match=words):
        check(tar(*first, *hostile))


def second_name(name: str) -> bytes:
    """A zip whose member has another name in the field that some programs prefer."""
    info, content = entry("app")
    told = name.encode()
    info.extra = struct.pack("<HHBL", 0x7075, 5 + len(told), 1, 0) + told
    return zipped((info, content))


def locally_named(name: str) -> bytes:
    """A zip that calls its member otherwise beside the content than in its list."""
    return zipped(entry("app")).replace(b"app", name.encode(), 1)


def shorter_than_it_is() -> bytes:
    """A zip whose list says 10 bytes where the content goes on."""
    content = b"\0" * 1_000_000
    whole = zipped(entry("app", content))
    crc = zlib.crc32(content[:10])
    lying = bytearray(whole)
    listed = whole.index(b"PK\x01\x02")
    struct.pack_into("<L", lying, listed + 16, crc)
    struct.pack_into("<L", lying, listed + 24, 10)
    struct.pack_into("<L", lying, 14, crc)
    struct.pack_into("<L", lying, 22, 10)
    return bytes(lying)


def encrypted() -> bytes:
    whole = bytearray(zipped(entry("app")))
    for at, offset in ((0, 6), (whole.index(b"PK\x01\x02"), 8)):
        whole[at + offset] |= 1
    return bytes(whole)


def damaged() -> bytes:
    whole = bytearray(zipped(entry("app", bytes(range(256)))))
    whole[100] ^= 1
    return bytes(whole)


def rarely_packed() -> bytes:
    info, content = entry("app")
    info.compress_type = zipfile.ZIP_LZMA
    return zipped((info, content))


ZIPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "up": (lambda: zipped(entry("../evil")), "leaves"),
    "absolute": (lambda: zipped(entry("/etc/passwd")), "leaves"),
    "windows up": (lambda: zipped(entry("..\\evil")), "leaves"),
    "windows drive": (lambda: zipped(entry("C:/evil")), "leaves"),
    "backslash": (lambda: zipped(entry("a\\b")), "a backslash"),
    "newline": (lambda: zipped(entry("a\nb")), "control characters"),
    "zero byte": (lambda: zipped(entry("appXevil")).replace(b"appXevil", b"app\0evil"), "control characters"),
    "second name": (lambda: second_name("../evil"), "as well"),
    "second name, not ascii": (lambda: second_name("../é"), "as well"),
    "second name of another first": (
        lambda: zip_named(NAME.encode(), second=NAME.encode(), checksum=1),
        "made for another first one",
    ),
    "second name for one in a code page": (
        lambda: zip_named("Größe".encode("cp437"), second="Größe".encode()),
        "letters of its own",
    ),
    "name in a code page": (lambda: zip_named("Größe".encode("cp437"), system=DOS), "letters of its own"),
    "name in UTF-8, of DOS": (lambda: zip_named(NAME.encode(), system=DOS), "letters of its own"),
    "name that is no UTF-8": (lambda: zip_named(b"caf\xe9", says_utf8=True), "no UTF-8"),
    "second name inside": (lambda: second_name("evil"), "as well"),
    "local name": (lambda: locally_named("evi"), "not a whole archive"),
    "link to absolute": (lambda: zipped(entry("out", b"/etc", LINK)), "link out"),
    "link up": (lambda: zipped(entry("out", b"../etc", LINK)), "link out"),
    "long link": (lambda: zipped(entry("out", b"a/" * 3000, LINK)), "link out"),
    "link that is no text": (
        lambda: zipped(entry("out", b"\xff\xfe", LINK)),
        "a link to a name that is no UTF-8",
    ),
    "written through a link": (lambda: zipped(entry("a", b"b", LINK), entry("a/evil")), "through a link"),
    "twice": (lambda: zipped(entry("a"), entry("./a")), "twice"),
    "device": (lambda: zipped(entry("disk", mode=stat.S_IFBLK | 0o600)), "neither file"),
    "pipe": (lambda: zipped(entry("pipe", mode=stat.S_IFIFO | 0o600)), "neither file"),
    "folder that is a file": (lambda: zipped(entry("a/", mode=stat.S_IFREG)), "neither file"),
    "encrypted": (encrypted, "encrypted"),
    "rarely packed": (rarely_packed, "not every unzip"),
    "bomb": (lambda: zipped(entry("zeros", b"\0" * 20_000_000)), "that is no release"),
    "longer than it says": (shorter_than_it_is, "not as long as it says|not a whole archive"),
    "nothing": (zipped, "no file"),
    "cut": (lambda: zipped(entry("app", b"a" * 9999))[:-30], "not a whole archive"),
    "damaged": (damaged, "not a whole archive"),
}


@pytest.mark.parametrize("case", ZIPS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_no_release_needs_is_refused(case: str) -> None:
    make, words = ZIPS[case]
    with pytest.raises(Refused, match=words):
        check(make())


def with_header(info: tarfile.TarInfo, **numbers: int) -> bytes:
    """A tar of one header whose size is not what follows."""
    info.size = numbers["size"]
    return info.tobuf(tarfile.GNU_FORMAT)


DAMAGED = {
    "cut gzip": tar(member("app", size=100_000))[:60],
    "cut tar": tar(member("app", size=100_000), mode="w")[:50_000],
    "no end": tar(APP, mode="w")[:1024],
    "text": b"hello",
    "empty": b"",
    "gzip of text": gzip.compress(b"hello" * 1000),
    "bzip2 of nothing": bz2.compress(b""),
    "xz of text": lzma.compress(b"hello" * 1000),
    "garbage after a member": tar(APP, mode="w")[:1024] + b"garbage!" * 64 + tar(member("../e"), mode="w"),
    "a long name that fills memory": with_header(
        member("././@LongLink", tarfile.GNUTYPE_LONGNAME), size=2**33
    ),
    "attributes that fill memory": with_header(member("x", tarfile.XHDTYPE), size=2**33),
    "a negative size": with_header(member("x"), size=-1),
    "garbage after gzip": tar(APP) + b"garbage",
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_no_whole_archive_is_refused(case: str) -> None:
    with pytest.raises(Refused, match="not a whole archive"):
        check(DAMAGED[case])


@pytest.mark.parametrize(
    "bomb",
    [
        tar(member("zeros", size=20_000_000)),
        tar(member("zeros", size=20_000_000), mode="w:xz"),
        with_header(member("sparse", tarfile.GNUTYPE_SPARSE), size=2**40),
        with_header(member("app"), size=2**40),
    ],
    ids=["gz", "xz", "sparse", "told"],
)
def test_a_bomb_is_refused_before_it_is_unpacked(bomb: bytes) -> None:
    with pytest.raises(Refused, match=r"that is no release|not a whole archive"):
        check(bomb)


def test_too_many_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 10)
    with pytest.raises(Refused, match="more than 10 files"):
        check(tar(*[member(f"f{n}") for n in range(11)]))
    with pytest.raises(Refused, match="more than 10 files"):
        check(tar(member("/".join("abcdefghijklm"))))


def test_a_list_of_members_too_long_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archive, "LARGEST_LIST", 1000)
    with pytest.raises(Refused, match="a list of members"):
        check(zipped(*[entry(f"f{n}") for n in range(50)]))


ON_WINDOWS = {
    "device": (member("aux.txt", size=1), "no name for a file on Windows"),
    "device below": (member("a/COM1", size=1), "no name for a file on Windows"),
    "device by a raised digit": (member("COM\N{SUPERSCRIPT ONE}", size=1), "no name for a file on Windows"),
    "device with a raised digit and more": (
        member("a/lpt\N{SUPERSCRIPT THREE}.txt", size=1),
        "no name for a file on Windows",
    ),
    "console's input": (member("CONIN$", size=1), "no name for a file on Windows"),
    "console's output": (member("conout$.log", size=1), "no name for a file on Windows"),
    "device, a blank, more": (member("aux .txt", size=1), "no name for a file on Windows"),
    "device, blanks, more": (member("a/con  .x/b", size=1), "no name for a file on Windows"),
    "stream": (member("app:hidden", size=1), "no name for a file on Windows"),
    "stream of a folder": (member("a::$INDEX_ALLOCATION/b", size=1), "no name for a file on Windows"),
    "trailing blank": (member("a /b", size=1), "no name for a file on Windows"),
    "trailing dot": (member("a./b", size=1), "no name for a file on Windows"),
    "wildcard": (member("a*", size=1), "no name for a file on Windows"),
    "link": (member("l", tarfile.SYMTYPE, "app"), "a link, which a release for Windows"),
    "hard link": (member("l", tarfile.LNKTYPE, "app"), "a link, which a release for Windows"),
    "other case": (member("APP", size=1), "twice"),
    "below a file in other case": (member("APP/x", size=1), "through a link or a file"),
}


@pytest.mark.parametrize("case", ON_WINDOWS)
def test_what_means_something_else_on_windows_is_refused_there_and_only_there(case: str) -> None:
    hostile, words = ON_WINDOWS[case]
    content = tar(member(".", tarfile.DIRTYPE), APP, hostile)

    assert check(content) == "tar"
    with pytest.raises(Refused, match=words):
        check(content, windows=True)


def test_a_name_in_a_tar_is_read_alike_on_windows_only_where_the_tar_says_how() -> None:
    assert check(tar(APP, member("größe", size=1), format=tarfile.PAX_FORMAT), windows=True) == "tar"
    silent = tar(APP, member("größe", size=1), format=tarfile.GNU_FORMAT)
    assert check(silent) == "tar"
    with pytest.raises(Refused, match="has to say is UTF-8 for Windows to read it so"):
        check(silent, windows=True)


@pytest.mark.parametrize("name", ["release.json", "./.version", ".sha256/inside", "x/../release.json"])
def test_no_release_has_what_is_kept_of_its_deployment(name: str) -> None:
    content = tar(APP, member(name, size=1), member("config/release.json", size=1))

    assert check(content) == "tar"
    with pytest.raises(Refused, match="where the record of a deployment is kept; give it another name"):
        check_archive(io.BytesIO(content), "app", own=OWN_NAMES)


def test_on_windows_the_record_has_its_place_in_letters_of_either_case() -> None:
    content = tar(APP, member("Release.JSON", size=1))

    assert check_archive(io.BytesIO(content), "app", own=OWN_NAMES) == "tar"
    with pytest.raises(Refused, match="where the record of a deployment is kept"):
        check_archive(io.BytesIO(content), "app", own=OWN_NAMES, windows=True)


@pytest.mark.parametrize(
    "name", ["console", "com10", "comx", "nullable.dll", "auxiliary .txt", "a.con", "CONIN"]
)
def test_what_only_looks_like_a_device_passes(name: str) -> None:
    assert check(tar(APP, member(name, size=1)), windows=True) == "tar"


def test_the_checksum_is_that_of_sha256sum() -> None:
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    assert sha256(io.BytesIO(b"abc")) == expected


@pytest.mark.parametrize(("mode", "program"), [("w:xz", "xz"), ("w:bz2", "bzip2")])
def test_what_the_tar_of_windows_cannot_unpack_is_refused_with_what_to_send(mode: str, program: str) -> None:
    with pytest.raises(Refused) as refused:
        check(tar(APP, mode=mode), windows=True)

    assert (
        refused.value.what == f"app is packed with {program}, which the tar of many a Windows cannot unpack"
    )
    assert refused.value.advice == "Send a .zip, or a .tar.gz"
    for well in ("w:gz", "w"):
        assert check(tar(APP, mode=well), windows=True) == "tar"


# A hundred characters, and one to part them from a name.
FOLDER = "C:\\" + "f" * 97

# One beyond the first 65,536 is two for Windows.
FACES = "\N{GRINNING FACE}" * 60


def below_folder(name: str) -> str:
    """Check a release for Windows with one file of that name, or a folder if it ends in a slash."""
    kind = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
    return check(tar(member(name.rstrip("/"), kind), APP), windows=True, folder=FOLDER)


@pytest.mark.parametrize(
    "name",
    ["x" * 158, "./a/" + "x" * 156, "a" * 146 + "/" + "x" * 11, "a" * 146 + "/", f"{FACES}/" + "x" * 37],
)
def test_a_path_as_long_as_windows_takes_in_its_folder_passes(name: str) -> None:
    assert below_folder(name) == "tar"


@pytest.mark.parametrize(
    ("name", "characters"),
    [("x" * 159, 260), ("a" * 147 + "/x", 250), ("a" * 147 + "/", 248), (f"{FACES}/" + "x" * 38, 260)],
    ids=["file", "folder of a file", "folder", "faces"],
)
def test_a_path_that_windows_cannot_have_in_its_folder_is_refused(name: str, characters: int) -> None:
    with pytest.raises(Refused, match=f"too long for Windows: .* {characters} characters, of 259 at most"):
        below_folder(name)
