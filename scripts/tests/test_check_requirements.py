from scripts.check_requirements import complaints


def test_the_lock_files_are_whole():
    assert complaints() == []
