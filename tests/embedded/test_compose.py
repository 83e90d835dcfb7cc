"""docker-compose.yml, the Dockerfile and deploy/env.example fit together, as far as can be seen without Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
STAGES = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.M)
EXAMPLE = dict(re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / "deploy" / "env.example").read_text(), re.M))


def has_health_check(name: str) -> bool:
    """Say whether compose or the stage that the service is built from has one."""
    service = SERVICES[name]
    if "healthcheck" in service:
        return not service["healthcheck"].get("disable", False)
    if "build" not in service:
        return False
    stage = service["build"]["target"]
    text = DOCKERFILE.split(f" AS {stage}\n", 1)[1].split("\nFROM ", 1)[0]
    return "HEALTHCHECK" in text


def test_the_services_of_a_whole_site_are_there() -> None:
    assert {"web", "worker", "worker-media", "beat", "migrate", "postgres", "valkey", "seaweedfs"} == set(
        SERVICES
    )


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_exists_and_can_be_waited_for(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        assert other in SERVICES
        if how["condition"] == "service_healthy":
            assert has_health_check(other), f"{other} never says that it is healthy"
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "no", f"{other} never ends"


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_is_built_from_and_uses_exists(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        assert service["build"]["target"] in STAGES
        assert (ROOT / service["build"]["context"] / "Dockerfile").exists()
    else:
        assert ":" in service["image"], "an image without a version changes under us"
    for volume in service.get("volumes", []):
        assert volume.split(":")[0] in COMPOSE["volumes"]
    assert set(service["networks"]) <= set(COMPOSE["networks"])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert "user" in service or "USER 10002:10002" in DOCKERFILE
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), "published to the world without TLS"


def test_the_worker_that_opens_footage_has_no_way_out_and_no_stripe_key() -> None:
    worker = SERVICES["worker-media"]
    assert worker["networks"] == ["services"]
    assert COMPOSE["networks"]["services"] == {"internal": True}
    assert worker["environment"]["QUEUES"] == "media"
    assert worker["environment"]["STRIPE_SECRET_KEY"] == ""
    assert worker["environment"]["STRIPE_WEBHOOK_SECRET"] == ""


def test_every_queue_has_a_worker() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    default = re.search(r"ENV QUEUES=(\S+)", DOCKERFILE)
    assert default is not None
    assert routed <= {*default[1].split(","), SERVICES["worker-media"]["environment"]["QUEUES"]}


def test_the_example_has_every_variable_that_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked <= set(EXAMPLE)


def test_the_example_has_every_variable_that_the_settings_read_and_no_other() -> None:
    code = (ROOT / "marketplace" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', code))
    for provider in ("GOOGLE", "GITHUB", "MICROSOFT"):
        assert provider.lower() in code
        read |= {f"SOCIAL_{provider}_CLIENT_ID", f"SOCIAL_{provider}_SECRET"}
    elsewhere = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "FAIRFRAME_WEIGHTS"}
    elsewhere |= {"FAIRFRAME_MAX_BYTES", "FAIRFRAME_MAX_DURATION_S"}  # the engine knows no Django
    assert set(EXAMPLE) == read | elsewhere


def test_no_secret_has_an_example_that_somebody_could_keep() -> None:
    for name, value in EXAMPLE.items():
        if name.endswith(("_KEY", "_SECRET", "_PASSWORD")):
            assert value == "", name


def test_the_image_gets_every_app_and_every_file_it_copies() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    ours = {app for app in settings.INSTALLED_APPS if (ROOT / app / "__init__.py").exists()}
    assert ours <= allowed
    sources = set(re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.M)) - {"."}
    assert sources <= allowed
    assert all((ROOT / name).exists() for name in allowed)


@pytest.mark.parametrize("stage", ["web", "worker", "beat", "seaweedfs"])
def test_no_container_runs_as_root(stage: str) -> None:
    text = DOCKERFILE.split(f" AS {stage}\n", 1)[1].split("\nFROM ", 1)[0]
    base = DOCKERFILE.split(" AS runtime\n", 1)[1].split("\nFROM ", 1)[0]
    assert "\nUSER 100" in (text if "\nUSER" in text else base)
