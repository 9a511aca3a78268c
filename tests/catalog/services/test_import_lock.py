"""One import at a time, and no lock outlives its process."""

from pathlib import Path

import pytest

from catalog.services.import_errors import ImportBusy
from catalog.services.import_lock import file_lock, import_lock
from tests.catalog.services.other_process import lock_held_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


def test_second_process_is_refused_until_the_first_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with lock_held_elsewhere() as holder:
        with monkeypatch.context() as patch:
            patch.setattr("catalog.services.import_lock.GRACE_SECONDS", 0)
            with pytest.raises(ImportBusy, match="Another import is running"), import_lock():
                pass
        holder.kill()
        holder.wait()
        with import_lock():
            pass


def test_lock_is_given_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), import_lock():
        raise ZeroDivisionError
    with import_lock():
        pass


def test_file_lock_holds_a_folder_too(tmp_path: Path) -> None:
    with file_lock(tmp_path), pytest.raises(ImportBusy), file_lock(tmp_path):
        pass
    with file_lock(tmp_path):
        pass
