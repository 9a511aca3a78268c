"""What the demo makes of its environment before it starts anything."""

import socket
from pathlib import Path

import pytest

from config.demo import CannotStart, check_port, main, only_one, plan_from, services


def test_defaults() -> None:
    plan = plan_from({})
    assert plan.url == "http://127.0.0.1:8000/"
    assert plan.var_dir == Path(__file__).resolve().parents[2] / "var"


def test_port() -> None:
    assert plan_from({"PORT": "9000"}).url == "http://127.0.0.1:9000/"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", "²"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(CannotStart, match="PORT is"):
        plan_from({"PORT": port})


def test_services_of_a_real_installation_are_not_used(tmp_path: Path) -> None:
    environment = plan_from(
        {
            "CELERY_BROKER_URL": "redis://there",
            "DATABASE_URL": "postgres://there",
            "DATABASE_URL_FILE": "/run/secrets/url",
            "DJANGO_DEBUG": "true",
            "DJANGO_SECRET_KEY": "theirs",
            "PATH": "/bin",
            "RECOMMENDER_ARTIFACT_ROOT": "/there",
            "RECOMMENDER_VAR_DIR": str(tmp_path),
            "REDIS_URL": "redis://there",
        }
    ).environment
    assert environment == {
        "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],127.0.0.1",
        "DJANGO_ENV_FILE": "",
        "DJANGO_PLAIN_HTTP": "true",
        "DJANGO_PLAIN_HTTP_FORCE": "false",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PATH": "/bin",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "RECOMMENDER_VAR_DIR": str(tmp_path),
    }


def test_a_smaller_demo_can_be_asked_for() -> None:
    wanted = {
        "RECOMMENDER_DEMO_EPOCHS": "2",
        "RECOMMENDER_DEMO_RATERS": "50",
        "RECOMMENDER_FULL_REPORT": "false",
    }
    plan = plan_from(wanted)
    assert plan.n_epochs == "2"
    assert wanted.items() <= plan.environment.items()


def test_another_address_than_loopback_is_refused_unless_forced() -> None:
    environ = {"RECOMMENDER_DEMO_HOST": "192.168.1.2"}
    with pytest.raises(CannotStart, match="not a loopback address"):
        plan_from(environ)
    plan = plan_from(environ | {"DJANGO_PLAIN_HTTP_FORCE": "true"})
    assert plan.url == "http://192.168.1.2:8000/"
    assert plan.environment["DJANGO_ALLOWED_HOSTS"] == "*"


def test_ipv6_loopback() -> None:
    plan = plan_from({"RECOMMENDER_DEMO_HOST": "::1"})
    assert plan.url == "http://[::1]:8000/"
    assert "[::1]:8000" in services(plan)["web"]


def test_a_taken_port_is_one_clear_message_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        monkeypatch.setenv("RECOMMENDER_VAR_DIR", str(tmp_path / "var"))
        assert main([]) == 2
    message = capsys.readouterr().err
    assert f"port {port}" in message
    assert "PORT=9000 make demo" in message
    assert message.count("\n") == 1
    assert not (tmp_path / "var").exists()


def test_the_port_of_a_server_that_has_ended_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()  # the server's side goes to TIME_WAIT
    check_port(plan_from({"PORT": str(port)}))


def test_one_demo_a_folder(tmp_path: Path) -> None:
    with (
        only_one(tmp_path),
        pytest.raises(CannotStart, match="already running"),
        only_one(tmp_path),
    ):
        pass
    with only_one(tmp_path):
        pass
