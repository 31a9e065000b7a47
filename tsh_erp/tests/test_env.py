from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tsh_erp.env import Environment, read_dotenv


def test_values_of_the_process_win_over_the_file(tmp_path: Path, monkeypatch):
    (tmp_path / ".env").write_text('TDS_WORKERS=3\nAPP_NAME="My ERP"\n')
    monkeypatch.setenv("TDS_WORKERS", "4")
    monkeypatch.delenv("ENV_FILE")

    env = Environment.load(tmp_path / ".env")

    assert env.integer("TDS_WORKERS", 2) == 4
    assert env.text("APP_NAME") == "My ERP"


def test_env_file_names_another_file(tmp_path: Path, monkeypatch):
    (tmp_path / "production").write_text("APP_NAME=elsewhere")
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "production"))

    assert Environment.load(tmp_path / ".env").text("APP_NAME") == "elsewhere"


def test_an_empty_value_counts_as_absent():
    assert Environment({"TDS_WORKERS": " "}).integer("TDS_WORKERS", 2) == 2


def test_the_file_may_hold_comments_quotes_and_exports(tmp_path: Path):
    (tmp_path / ".env").write_text("# secrets\n\nexport A=1\nB='two words'\nC=\nD=\"x # y\"\n")

    assert read_dotenv(tmp_path / ".env") == {"A": "1", "B": "two words", "C": "", "D": "x # y"}


@pytest.mark.parametrize("line", ["SECRET_KEY", "1A=2", "A=two words", "A='open"])
def test_a_line_that_is_no_setting_stops_the_start(tmp_path: Path, line: str):
    (tmp_path / ".env").write_text(f"A=1\n{line}\n")

    with pytest.raises(ImproperlyConfigured, match=r"^\.env line 2: not NAME=value$"):
        read_dotenv(tmp_path / ".env")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"N": "three"}, "N: 'three' is not a number"),
        ({"N": "0"}, "N: 0 must be between 1 and 9"),
        ({"N": "10"}, "N: 10 must be between 1 and 9"),
        ({"N": "1.5"}, "N: '1.5' is not a number"),
    ],
)
def test_a_bad_number_is_refused_by_name(values: dict[str, str], message: str):
    with pytest.raises(ImproperlyConfigured) as refused:
        Environment(values).integer("N", 2, least=1, most=9)

    assert str(refused.value) == message


def test_a_bad_boolean_choice_address_or_share_is_refused_by_name():
    env = Environment({"DEBUG": "maybe", "ENVIRONMENT": "prod", "URL": "ftp://x", "SHARE": "nan"})

    with pytest.raises(ImproperlyConfigured, match=r"^DEBUG: 'maybe' is not a boolean; write true or false$"):
        env.boolean("DEBUG", default=False)
    with pytest.raises(ImproperlyConfigured, match=r"^ENVIRONMENT: 'prod' is not one of staging, production$"):
        env.choice("ENVIRONMENT", "staging", ("staging", "production"))
    with pytest.raises(ImproperlyConfigured, match=r"^URL: not an http\(s\) address$"):
        env.url("URL")
    with pytest.raises(ImproperlyConfigured, match=r"^SHARE: nan must be between 0 and 1$"):
        env.fraction("SHARE", 0.5)


def test_lists_drop_blanks_and_addresses_their_slash():
    env = Environment({"HOSTS": "a, b,,", "URL": "http://127.0.0.1:9800/"})

    assert env.texts("HOSTS") == ["a", "b"]
    assert env.url("URL") == "http://127.0.0.1:9800"


def test_a_secret_may_live_in_a_file(tmp_path: Path):
    (tmp_path / "key").write_text("new,old\n")

    assert Environment({"KEYS_FILE": str(tmp_path / "key")}).secrets("KEYS") == ["new", "old"]
    with pytest.raises(ImproperlyConfigured, match=r"^KEYS_FILE: cannot be read: No such file or directory$"):
        Environment({"KEYS_FILE": str(tmp_path / "gone")}).secrets("KEYS")


def test_a_misspelt_name_stops_the_start_and_names_the_right_one():
    env = Environment({"TDS_BATCHSIZE": "5", "HOME": "/root"})
    env.integer("TDS_BATCH_SIZE", 10)

    with pytest.raises(ImproperlyConfigured, match=r"^TDS_BATCHSIZE: no such setting; did you mean TDS_BATCH_SIZE\?$"):
        env.refuse_unknown(prefixes=("TDS_",), besides=())


def test_every_name_in_the_file_must_be_known():
    env = Environment({"ALOWED_HOSTS": "from elsewhere"}, {"ALOWED_HOST": "a", "PORT": "8000"})

    with pytest.raises(ImproperlyConfigured, match=r"^ALOWED_HOST: no such setting$"):
        env.refuse_unknown(prefixes=("TDS_",), besides=("PORT",))
