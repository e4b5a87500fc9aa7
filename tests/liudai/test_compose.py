"""docker-compose.yml: it parses, and what it sets are settings."""

import re
from pathlib import Path

import pytest
import yaml

from domain.settings import Settings

ROOT = Path(__file__).parents[2]
KNOWN = {f"LIUDAI_{name.upper()}" for name in Settings.model_fields}


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def test_the_services_are_those_of_a_deployment(services):
    assert set(services) == {"mariadb", "redis", "migrate", "api", "worker"}
    assert services["mariadb"]["image"] == "mariadb:10.11"
    assert services["redis"]["image"] == "redis:7"
    for name in ("mariadb", "redis", "api"):
        assert "healthcheck" in services[name]


def test_nothing_starts_before_the_migration_has_ended(services):
    for name in ("api", "worker"):
        needs = services[name]["depends_on"]["migrate"]
        assert needs == {"condition": "service_completed_successfully"}


def test_every_setting_it_names_is_a_setting(services):
    named = {
        name
        for service in services.values()
        for name in service.get("environment", {})
        if name.startswith("LIUDAI_")
    }
    example = (ROOT / "liudai.env.example").read_text()
    named |= set(re.findall(r"^#? ?(LIUDAI_\w+)=", example, flags=re.MULTILINE))
    assert {"LIUDAI_DATABASE_URL", "LIUDAI_SECRET_KEY", "LIUDAI_OIDC_ISSUER"} <= named
    assert named <= KNOWN


def test_no_secret_has_a_default(services):
    example = (ROOT / "liudai.env.example").read_text()
    assert not re.findall(r"^\w+=.+$", example, flags=re.MULTILINE)
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(re.findall(r"\$\{(\w+)(.)", text)) == {("MARIADB_PASSWORD", ":")}
    assert ":-" not in text
    for name in ("api", "worker", "migrate"):
        assert services[name]["environment"]["LIUDAI_ENV"] == "production"


def test_only_the_api_is_published_and_on_this_machine_alone(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"api": ["127.0.0.1:8000:8000"]}


def test_the_image_installs_from_the_lock_and_runs_as_nobody_special():
    lines = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes -r /tmp/requirements.lock" in lines
    assert re.search(r"^USER liudai$", lines, flags=re.MULTILINE)
