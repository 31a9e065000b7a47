from pathlib import Path

from scripts.check_secrets import main


def test_a_password_in_code_is_found_and_not_shown(tmp_path: Path, capsys):
    (tmp_path / "settings.py").write_text('password = "correct-horse-battery"\n')

    assert main([str(tmp_path / "settings.py")]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/settings.py:1: Secret Keyword\n"


def test_made_up_passwords_of_tests_and_marked_lines_are_fine(tmp_path: Path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text('password = "correct-horse-battery"\n')
    (tmp_path / "choices.py").write_text('API_KEY = "api_key_name"  # pragma: allowlist secret\n')

    assert main([str(tmp_path / "tests" / "test_x.py"), str(tmp_path / "choices.py")]) == 0
