import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from catalog.choices import ImageTrouble
from catalog.pictures import MOST_BYTES, SIZES, PictureRefused, check_picture, make_picture
from catalog.tests.drawing import BLUE, RED, drawn, encoded, opened


def refusal(data: bytes) -> ImageTrouble:
    with pytest.raises(PictureRefused) as refused:
        make_picture(data)
    with pytest.raises(PictureRefused):
        check_picture(data)
    return refused.value.trouble


def test_a_picture_in_three_sizes():
    picture = make_picture(drawn(2400, 1200))

    assert (picture.width, picture.height) == (1200, 600)
    assert {size: opened(data).size for size, data in picture.files.items()} == {
        "full": (1200, 600),
        "card": (480, 240),
        "thumb": (160, 80),
    }
    assert {opened(data).format for data in picture.files.values()} == {"WEBP"}


def test_a_small_picture_is_never_enlarged():
    picture = make_picture(drawn(300, 100))

    assert [opened(picture.files[size]).size for size in SIZES] == [(300, 100), (300, 100), (160, 53)]


def test_a_line_of_pixels_is_a_picture():
    assert opened(make_picture(drawn(5000, 1)).files["thumb"]).size == (160, 1)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_every_kind_that_zoho_takes(kind):
    assert make_picture(drawn(kind=kind)).width == 64


@pytest.mark.parametrize(
    ("mode", "colour"),
    [
        ("1", 1),
        ("L", 128),
        ("LA", (128, 90)),
        ("P", 3),
        ("RGBA", (1, 2, 3, 90)),
        ("I;16", 40000),
    ],
)
def test_every_way_to_write_pixels(mode, colour):
    picture = make_picture(drawn(mode=mode, colour=colour))

    assert opened(picture.files["thumb"]).mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")


def test_sixteen_bits_of_grey_keep_their_brightness():
    assert opened(make_picture(drawn(mode="I;16", colour=32896)).files["full"]).getpixel((5, 5))[0] == pytest.approx(
        128, abs=3
    )


def test_print_colours_are_shown():
    red, _, blue = opened(
        make_picture(drawn(mode="CMYK", colour=(0, 255, 255, 0), kind="JPEG")).files["full"]
    ).getpixel((5, 5))

    assert (red > 150, blue < 100) == (True, True)


def test_transparency_stays():
    image = Image.new("RGBA", (20, 20), (255, 0, 0, 0))

    assert opened(make_picture(encoded(image)).files["full"]).getpixel((3, 3))[3] == 0


def test_a_photograph_is_shown_upright_and_without_metadata():
    image = Image.new("RGB", (40, 20), BLUE)
    image.paste(RED, (0, 0, 20, 20))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "A telephone"  # turn a quarter to the right

    upright = opened(make_picture(encoded(image, "JPEG", exif=exif, quality=95)).files["full"])

    assert upright.size == (20, 40)
    assert upright.getpixel((10, 5))[0] > 150 > upright.getpixel((10, 35))[0]
    assert not upright.getexif()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF", "ignore:Possibly corrupt EXIF")  # as in production
def test_a_nonsensical_exif_block_does_not_cost_the_picture():
    assert make_picture(drawn(kind="JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\xee" * 60)).width == 64


def test_colours_are_brought_into_srgb():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    good = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    for icc in (profile, good, b"no profile at all"):
        picture = opened(make_picture(drawn(icc_profile=icc)).files["full"])
        assert "icc_profile" not in picture.info


def test_of_a_moving_picture_the_first_frame_is_shown():
    frames = [Image.new("RGB", (30, 30), colour) for colour in (RED, BLUE, RED)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    still = opened(make_picture(moving).files["full"])

    assert getattr(still, "n_frames", 1) == 1
    assert still.getpixel((5, 5))[0] > 150


@pytest.mark.parametrize(
    ("data", "trouble"),
    [
        (b"", ImageTrouble.EMPTY),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", ImageTrouble.NOT_AN_IMAGE),
        (b"<html><body>sign in</body></html>", ImageTrouble.NOT_AN_IMAGE),
        (b'{"code":57,"message":"not authorised"}', ImageTrouble.NOT_AN_IMAGE),
        (b"%PDF-1.7 ...", ImageTrouble.NOT_AN_IMAGE),
        (b"\x00\x01\x02" * 50, ImageTrouble.NOT_AN_IMAGE),
        (drawn(kind="TIFF"), ImageTrouble.NOT_AN_IMAGE),
        (drawn(kind="ICO", width=16, height=16), ImageTrouble.NOT_AN_IMAGE),
        (drawn(400, 400, kind="JPEG")[:900], ImageTrouble.DAMAGED),
        (drawn(400, 400)[:300], ImageTrouble.DAMAGED),
        (drawn() + bytes(MOST_BYTES), ImageTrouble.TOO_LARGE),
        (drawn(7000, 6000, mode="1", colour=0), ImageTrouble.TOO_MANY_PIXELS),
    ],
    ids=lambda value: value.value if isinstance(value, ImageTrouble) else f"{len(value)} bytes",
)
def test_what_is_not_taken(data, trouble):
    assert refusal(data) == trouble


def test_a_decompression_bomb_is_refused_before_it_is_unpacked():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )

    assert refusal(bomb) == ImageTrouble.TOO_MANY_PIXELS


def test_the_content_decides_and_not_what_it_is_called():
    assert make_picture(drawn(kind="JPEG")).digest != make_picture(drawn(kind="PNG")).digest
    assert make_picture(drawn()).digest == make_picture(drawn()).digest


@settings(max_examples=60)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP", "BMP"]), st.data())
def test_damaged_files_are_refused_or_shown_and_never_break_anything(kind, data):
    whole = bytearray(drawn(40, 30, kind=kind))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=12)):
        whole[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(whole)))

    try:
        picture = make_picture(bytes(whole[:cut]))
    except PictureRefused:
        return
    assert Image.open(BytesIO(picture.files["thumb"])).format == "WEBP"
