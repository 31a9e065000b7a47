from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from scripts.prepare import complete_dotenv
from tsh_erp.env import read_dotenv


def test_a_fresh_clone_gets_its_own_secrets_and_the_sandbox(tmp_path: Path):
    path = tmp_path / ".env"

    complete_dotenv(path, {})

    values = read_dotenv(path)
    assert values["ZOHO_API_URL"] == values["ZOHO_ACCOUNTS_URL"] == "http://127.0.0.1:9800"
    assert len(values["SECRET_KEY"]) == 64
    assert values["ZOHO_WEBHOOK_SECRET"].isalnum()
    assert 12 <= len(values["ZOHO_WEBHOOK_SECRET"]) <= 50
    assert Fernet(values["FIELD_ENCRYPTION_KEYS"])
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_second_run_changes_nothing(tmp_path: Path):
    path = tmp_path / ".env"
    complete_dotenv(path, {})
    before = path.read_bytes()

    assert complete_dotenv(path, {}) == []
    assert path.read_bytes() == before


def test_what_is_set_in_the_file_or_the_environment_is_never_overwritten(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text("SECRET_KEY=mine\nWEBHOOK_API_KEY=")

    complete_dotenv(path, {"FIELD_ENCRYPTION_KEYS": "theirs"})

    values = read_dotenv(path)
    assert values["SECRET_KEY"] == "mine"
    assert "FIELD_ENCRYPTION_KEYS" not in values
    assert len(values["WEBHOOK_API_KEY"]) == 40


def test_a_real_organisation_is_never_mixed_with_the_sandbox(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text("ZOHO_CLIENT_ID=1000.REAL\n")

    complete_dotenv(path, {})

    assert [name for name in read_dotenv(path) if name.startswith("ZOHO_")] == ["ZOHO_CLIENT_ID", "ZOHO_WEBHOOK_SECRET"]


def test_a_production_machine_is_refused(tmp_path: Path):
    path = tmp_path / ".env"
    path.write_text("ENVIRONMENT=production\n")

    with pytest.raises(ImproperlyConfigured, match=r"^ENVIRONMENT is production"):
        complete_dotenv(path, {})
    assert path.read_text() == "ENVIRONMENT=production\n"
