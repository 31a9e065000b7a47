import pytest


def test_the_api_says_where_to_look(client, settings):
    body = client.get("/api/").json()

    assert (body["name"], body["version"]) == ("TSH ERP System", settings.APP_VERSION)
    assert body["docs"] == "http://testserver/api/docs/"


@pytest.mark.django_db
def test_the_schema_is_served_as_openapi_3(client):
    answer = client.get("/api/schema/?format=json")

    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")
