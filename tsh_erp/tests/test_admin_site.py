import re

import pytest


def directives(answer) -> dict[str, str]:
    return dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/auth/user/", "/api/docs/", "/api/"])
def test_pages_may_load_nothing_from_elsewhere_and_nothing_inline(admin_client, path):
    policy = directives(admin_client.get(path))

    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy)


@pytest.mark.parametrize("path", ["/admin/", "/admin/auth/user/", "/admin/auth/user/add/", "/api/docs/"])
def test_pages_have_no_inline_scripts_or_styles(admin_client, path):
    page = admin_client.get(path).content.decode()

    assert not re.search(r"<style|<script(?![^>]*\b(src|type=\"application/json\"))|\son\w+=|\sstyle=", page)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("en", "ltr")])
@pytest.mark.django_db
def test_the_login_page_speaks_the_readers_language(client, language, direction):
    page = client.get("/admin/login/", headers={"accept-language": language}).content.decode()

    assert f'<html lang="{language}" dir="{direction}">' in page


@pytest.mark.django_db
def test_nobody_in_particular_is_spoken_to_in_arabic(client, settings):
    settings.LANGUAGE_CODE = "ar"

    assert '<html lang="ar" dir="rtl">' in client.get("/admin/login/").content.decode()


def test_the_language_is_switched_by_a_form_and_remembered(admin_client):
    page = admin_client.get("/admin/auth/user/?q=a", headers={"accept-language": "en"}).content.decode()
    assert '<input type="hidden" name="next" value="/admin/auth/user/?q=a">' in page
    assert 'name="language" value="ar"' in page

    answer = admin_client.post("/i18n/setlang/", {"language": "ar", "next": "/admin/auth/user/?q=a"})

    assert answer["Location"] == "/admin/auth/user/?q=a"
    assert 'dir="rtl"' in admin_client.get("/admin/", headers={"accept-language": "en"}).content.decode()


@pytest.mark.parametrize(("environment", "shown"), [("staging", True), ("development", True), ("production", False)])
def test_a_banner_tells_where_one_is_not(admin_client, settings, environment, shown):
    settings.ENVIRONMENT = environment

    assert ("environment-banner" in admin_client.get("/admin/").content.decode()) is shown


@pytest.mark.django_db
def test_the_front_door_leads_to_the_admin(client):
    assert client.get("/")["Location"] == "/admin/"
