import pytest
from django.core.files.base import ContentFile

from catalog.picture_files import write_picture
from catalog.pictures import make_picture
from catalog.tests.drawing import drawn, opened

FOREVER = "public, max-age=31536000, immutable"


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path


@pytest.fixture
def address(media) -> str:
    return f"/media/{write_picture(make_picture(drawn(90, 60)))}"


def body(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_picture_is_shown_to_anybody_and_kept_for_ever(client, address):
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == FOREVER
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert int(answer["Content-Length"]) == len(data := body(answer))
    assert opened(data).size == (90, 60)
    assert "Set-Cookie" not in answer


def test_what_the_caller_has_is_not_sent_again(client, address):
    answer = client.get(address)
    body(answer)

    again = client.get(address, headers={"if-none-match": answer["ETag"]})

    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", FOREVER)


@pytest.mark.django_db
def test_only_reading_is_allowed(client, address):
    head = client.head(address)
    head.close()

    assert head.status_code == 200
    assert client.post(address).status_code == 405
    assert client.delete(address).status_code == 405


@pytest.mark.parametrize(
    "name",
    [
        "ab/none-full.webp",
        "../secret.webp",
        "../../secret.webp",
        "%2e%2e/secret.webp",
        "..%2fsecret.webp",
        "ab/../../secret.webp",
        "/etc/passwd",
        "//etc/passwd",
        "etc/passwd%00.webp",
        "ab",
        "ab/",
        "notes.txt",
        "link.webp",
        "x" * 300 + ".webp",
    ],
)
def test_nothing_else_is_shown(client, media, address, name):
    (media / "media" / "secret.webp").write_bytes(b"secret")
    (media / "secret.webp").write_bytes(b"secret")
    (media / "media" / "pictures" / "notes.txt").write_text("secret")
    (media / "media" / "pictures" / "link.webp").symlink_to(media / "secret.webp")

    answer = client.get(f"/media/pictures/{name}")

    assert answer.status_code == 404


def test_no_other_folder_of_uploads_is_open(client, media, address):
    from django.core.files.storage import default_storage

    default_storage.save("products/old.webp", ContentFile(b"x"))

    assert client.get("/media/products/old.webp").status_code == 404
