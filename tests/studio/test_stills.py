"""Pictures from elsewhere: nasty files and names, ZIPs that want out, and scenes that start from them."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zipfile
import zlib

import pytest
from PIL import Image

from ltxlib.core import brought
from ltxlib.errors import BadInput
from ltxlib.store.scene_sheet import read_sheet
from ltxlib.studio import disk, stills
from tests.support.studio import a_project

SIZES = [(1536, 1024), (1920, 1088), (1024, 1536), (1024, 1024)]


def picture(kind="PNG", mode="RGB", size=(640, 500), colour=None, **more) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour or 0).save(out, kind, **more)
    return out.getvalue()


def moving() -> bytes:
    frames = [Image.new("RGB", (640, 500), (red, 0, 0)) for red in (10, 200)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    return out.getvalue()


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("JPEG", size=(900, 600), exif=exif)


def bomb_png(side: int) -> bytes:
    """A PNG of a few bytes that says it has side x side pixels."""

    def block(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", head) + block(b"IDAT", rows) + block(b"IEND", b"")


def a_zip(files, **more) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files:
            packed.writestr(name, data, **more)
    return out.getvalue()


@pytest.fixture
def project(tmp_path):
    made = a_project(tmp_path / "kit")
    (made.images / "still.png").unlink()
    return made


def bring(project, name, data):
    """What becomes of a file that has arrived."""
    part = project.images / ".coming-1.part"
    part.write_bytes(data)
    found = stills.bring(project, part, name)
    assert not list(project.images.glob(".*"))
    assert not list(project.images.rglob("*.part"))
    return found


def names(project) -> list[str]:
    return sorted(path.name for path in project.images.iterdir())


@pytest.mark.parametrize(
    ("name", "data", "kept"),
    [
        ("cabin.png", picture(), "cabin.png"),
        ("cabin.JPG", picture("JPEG"), "cabin.jpg"),
        ("cabin.jpeg", picture("JPEG"), "cabin.jpeg"),
        ("cabin.webp", picture("WEBP"), "cabin.webp"),
        ("really a webp.png", picture("WEBP"), "really a webp.webp"),
        ("turned.jpg", turned(), "turned.jpg"),
        ("solid.png", picture(mode="RGBA", colour=(9, 9, 9, 255)), "solid.png"),
        ("palette.png", picture(mode="P"), "palette.png"),
        ("print.jpg", picture("JPEG", mode="CMYK"), "print.jpg"),
        ("Hütte im Schnee (2).png", picture(), "Hütte im Schnee (2).png"),
        ("Hu\u0308tte.png", picture(), "Hütte.png"),
        ("../../../etc/cron.png", picture(), "etc-cron.png"),
        ("C:\\Users\\me\\night\\01.png", picture(), "Users-me-night-01.png"),
        ("/folder/one/01.png", picture(), "folder-one-01.png"),
        ("con.png", picture(), "picture-con.png"),
        ("LPT1.backup.png", picture(), "picture-LPT1.backup.png"),
        ('a<b>:"|?*\x00\n.png', picture(), "a-b.png"),
        ("trailing. .png", picture(), "trailing.png"),
        ("🌙🌙.png", picture(), "picture.png"),
        ("雪" * 100 + ".png", picture(), "雪" * 40 + ".png"),
        ("image.png.png", picture(), "image.png.png"),
        ("\u202egnp.exe.png", picture(), "gnp.exe.png"),
    ],
)
def test_pictures_are_kept_as_they_are(project, name, data, kept):
    """Byte for byte, under a name that is safe on every system, in images/ itself."""
    (found,) = bring(project, name, data)
    assert (found.says, found.there) == ("", False)
    assert names(project) == [kept]
    assert found.path == project.images / kept
    assert found.path.read_bytes() == data
    assert found.path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("glass.png", picture(mode="RGBA", colour=(200, 0, 0, 0)), "partly transparent"),
        ("key.png", picture(colour=(0, 0, 0), transparency=(0, 0, 0)), "partly transparent"),
        ("moving.webp", moving(), "its first"),
        ("old.gif", picture("GIF", mode="P"), "GIF"),
        ("scan.tif", picture("TIFF"), "TIFF"),
        ("old.bmp", picture("BMP"), "BMP"),
        ("deep.png", picture(mode="I;16", colour=40000), "more than 8 bits"),
    ],
)
def test_what_comfyui_would_misread_is_written_anew(project, name, data, says):
    """As a PNG of three times 8 bits, one picture, nothing to look through; and that is told."""
    (found,) = bring(project, name, data)
    assert says in found.says
    assert "Kept as a PNG" in found.says
    with Image.open(found.path) as image:
        assert (image.format, image.mode, getattr(image, "n_frames", 1)) == ("PNG", "RGB", 1)
        corner = image.getpixel((0, 0))
    if "transparent" in says:
        assert corner == (255, 255, 255)
    if name == "deep.png":
        assert corner == (155, 155, 155)
    (again,) = bring(project, name, data)
    assert (again.there, again.path) == (True, found.path)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("clip.mp4", b"\0\0\0\x18ftypisom", "is a clip"),
        ("clip.png", b"\0\0\0\x18ftypisom" * 9, "is a clip"),
        ("clip.webm", b"\x1aE\xdf\xa3", "is a clip"),
        ("phone.heic", b"x", "HEIC"),
        ("phone.jpg", b"\0\0\0\x18ftypheic" * 9, "HEIC"),
        ("new.avif", b"x", "AVIF"),
        ("drawing.svg", b"<svg/>", "no picture that the kit knows"),
        ("program.exe", b"MZ", "no picture that the kit knows"),
        ("no ending", b"x", "no picture that the kit knows"),
        ("empty.png", b"", "is empty"),
        ("half.png", picture(size=(900, 700), colour=(1, 2, 3))[:-300], "damaged"),
        ("half.jpg", picture("JPEG", size=(900, 700))[:2000], "damaged"),
        ("words.png", b"<html>Sign in</html>", "damaged"),
        ("bomb.png", bomb_png(30_000), "million pixels"),
        ("huge.png", bomb_png(9_800), "million pixels"),
        ("damaged.zip", b"PK\x03\x04 and no more", "damaged or no ZIP"),
        ("none.zip", a_zip([]), "nothing in"),
        ("litter.zip", a_zip([("__MACOSX/._a.png", b"x"), (".DS_Store", b"x")]), "nothing in"),
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(project, name, data, says):
    """It says what is wrong and what to do, and nothing is left behind."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found,) = bring(project, name, data)
    assert found.path is None
    assert says in found.says
    assert names(project) == []


def test_a_turned_picture_has_the_size_that_is_seen(project):
    """Photos carry how they are to be turned; a list and a scene go by what a person sees."""
    (found,) = bring(project, "turned.jpg", turned())
    still = stills.shown(project, found.path)
    assert (still.width_px, still.height_px) == (600, 900)
    with Image.open(still.small) as small:
        assert small.size == (213, 320)
    assert stills.shown(project, found.path) == still


def test_nothing_is_written_over(project):
    """Another picture of that name gets a number, whatever the case; the same one is kept once."""
    first, second = picture(colour=(1, 2, 3)), picture(colour=(4, 5, 6))
    bring(project, "Cabin.png", first)
    bring(project, "cabin.png", second)
    bring(project, "cabin.png", picture(colour=(7, 8, 9)))
    assert names(project) == ["Cabin.png", "cabin-2.png", "cabin-3.png"]
    (again,) = bring(project, "quite another name.png", second)
    assert (again.there, again.path.name) == (True, "cabin-2.png")
    assert len(names(project)) == 3
    assert (project.images / "Cabin.png").read_bytes() == first


def test_a_small_picture_is_told(project):
    """It is kept, with a word about what comes of it."""
    (found,) = bring(project, "tiny.png", picture(size=(200, 100)))
    assert "Small (200 x 100)" in found.says
    assert names(project) == ["tiny.png"]


def test_a_zip_is_unpacked_flat_and_never_outside(project, tmp_path):
    """Folders' names stand in front; what leads outside, links and locked files do no harm."""
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    files = [
        ("night/01.png", picture(colour=(1, 1, 1))),
        ("day/01.png", picture(colour=(2, 2, 2))),
        ("../../../outside.png", picture(colour=(3, 3, 3))),
        ("/root.png", picture(colour=(4, 4, 4))),
        ("..\\..\\windows.png", picture(colour=(5, 5, 5))),
        ("__MACOSX/night/._01.png", b"litter"),
        ("Thumbs.db", b"litter"),
        (link, b"/etc/passwd"),
        ("film.mp4", b"x"),
        ("inner.zip", a_zip([("a.png", picture())])),
        ("broken.png", b"no"),
    ]
    found = bring(project, "stills.zip", a_zip(files))
    assert names(project) == ["day-01.png", "night-01.png", "outside.png", "root.png", "windows.png"]
    refused = {one.asked: one.says for one in found if one.path is None}
    assert set(refused) == {"link.png", "film.mp4", "inner.zip", "broken.png"}
    assert "link" in refused["link.png"]
    assert "ZIP inside" in refused["inner.zip"]
    outside = [path for path in tmp_path.rglob("*outside*") if not path.is_relative_to(project.images)]
    assert not outside


def test_names_of_older_zips_are_read(project):
    """A Mac writes UTF-8 without saying so."""
    data = a_zip([("Hxxtte.png", picture())]).replace(b"Hxxtte", "Hütte".encode())
    (found,) = bring(project, "mac.zip", data)
    assert (found.path.name, found.says) == ("Hütte.png", "")


@pytest.mark.parametrize("by", ["count", "size", "room", "entry"])
def test_a_zip_that_is_too_much_is_not_unpacked(project, monkeypatch, by):
    """Too many files, too large together or one by one, or no room: told before anything is written."""
    files = [(f"{number}.png", b"\0" * 5000) for number in range(5)]
    if by == "count":
        monkeypatch.setattr(stills, "_MOST_IN_A_ZIP", 4)
    elif by == "size":
        monkeypatch.setattr(stills, "_MOST_UNPACKED_BYTES", 20_000)
    elif by == "room":
        monkeypatch.setattr(disk, "free_bytes", lambda _: 1000)
    else:
        monkeypatch.setattr(brought, "LARGEST_BYTES", 4000)
    found = bring(project, "much.zip", a_zip(files))
    assert names(project) == []
    said = " ".join(one.says for one in found)
    assert {"count": "Bring it in parts", "size": "in parts", "room": "too little room"}.get(by, "MB") in said


def test_an_entry_that_lies_about_its_size_is_cut_off(project, monkeypatch):
    """A bomb that says it is small is read no further than a picture may be."""
    data = bytearray(a_zip([("bomb.png", b"\0" * 3_000_000)]))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 900)
    (found,) = bring(project, "bomb.zip", bytes(data))
    assert found.path is None
    assert names(project) == []


def test_a_locked_zip_says_so(project):
    """Nobody is asked for a password; the picture is wanted without."""
    data = bytearray(a_zip([("a.png", picture())]))
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    (found,) = bring(project, "locked.zip", bytes(data))
    assert "password" in found.says


@pytest.mark.parametrize(
    ("name", "size", "says"),
    [
        ("a.png", 5, ""),
        ("a.zip", 3_000_000_000, ""),
        ("a.png", 200_000_000, "Save it smaller"),
        ("a.zip", 5_000_000_000, "in two parts"),
        ("a.mp4", 5, "is a clip"),
        ("folder/.DS_Store", 5, stills.IGNORED),
        ("folder/desktop.ini", 5, stills.IGNORED),
        ("", 5, stills.IGNORED),
        ("x" * 300 + ".doc", 5, "…"),
    ],
)
def test_a_file_is_judged_before_it_is_sent(name, size, says):
    """By its name and size alone, so that a large clip is never sent in vain."""
    said = stills.judge(name, size)
    assert says in said if says else said == ""
    assert len(said) < 200


def test_a_scene_is_made_of_a_picture(project):
    """A free name, the nearest shape, words to begin with; the row is one that can be rendered."""
    bring(project, "Hütte im Wald.png", picture(size=(800, 1200)))
    (path,) = stills.stills(project)
    draft = stills.draft_scene(project, stills.shown(project, path), SIZES)
    assert (draft.scene, draft.width, draft.height) == ("huette-im-wald", 1024, 1536)
    header = "scene,mode,prompt,image,width,height,enabled\n"
    project.scenes_csv.write_text(header + "huette-im-wald,t2v,Rain.,,,,yes\n")
    draft = stills.draft_scene(project, stills.shown(project, path), SIZES)
    assert draft.scene == "huette-im-wald-2"
    made = stills.make_scene(project, draft, " snow ", "Snow falls; it is quiet.")
    scene = read_sheet(project.scenes_csv).scenes[-1]
    assert (scene.scene, scene.mode, scene.image) == ("snow", "i2v", "Hütte im Wald.png")
    assert (scene.width, scene.height, scene.prompt) == (1024, 1536, "Snow falls; it is quiet.")
    assert made.enabled
    assert stills.used_in(project) == {"Hütte im Wald.png": ["snow"]}
    with pytest.raises(BadInput):
        stills.make_scene(project, draft, "snow", "Again.")
    with pytest.raises(BadInput, match="mended"):
        stills.make_scene(project, draft, "no good!", "")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("01.png", "01"),
        ("Größe ÄÖ.png", "groesse-aeoe"),
        ("café & co.png", "cafe-co"),
        ("雪.png", "picture"),
        ("con.png", "picture-con"),
        ("x" * 100 + ".png", "x" * 56),
        ("folder/rain_1.png", "rain_1"),
    ],
)
def test_scenes_get_names_that_scenes_may_have(file, name):
    """Letters, digits, dashes and underscores of ASCII, since they name folders."""
    assert brought.scene_name(file, []) == name


def test_the_list_has_the_newest_first_and_no_strangers(project):
    """What is no picture is not listed; one that does not open is, without a small picture."""
    bring(project, "old.png", picture(colour=(1, 1, 1)))
    bring(project, "new.png", picture(colour=(2, 2, 2)))
    os.utime(project.images / "old.png", (1, 1))
    (project.images / "notes.txt").write_text("x")
    broken = project.images / "broken.jpg"
    broken.write_bytes(b"x")
    os.utime(broken, (2, 2))
    assert [path.name for path in stills.stills(project)] == ["new.png", "broken.jpg", "old.png"]
    assert stills.shown(project, broken).small is None
