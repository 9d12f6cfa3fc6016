"""Configuration versions: numbered for ever, one for each content that was applied."""

from __future__ import annotations

import threading

from sqlalchemy import Engine, text

from store.config_versions import ConfigVersions


def test_the_same_content_again_is_the_same_version_and_another_one_is_the_next(engine: Engine) -> None:
    versions = ConfigVersions(engine)
    first = versions.record({"trunks": ["a"], "customers": {}}, author="beispiel", note="first")
    assert versions.record({"customers": {}, "trunks": ["a"]}, author="beispiel", note="again") == first
    second = versions.record({"trunks": ["b"]}, author="beispiel", note="second")
    assert second > first
    assert versions.record({"trunks": ["a"], "customers": {}}, author="beispiel", note="back") > second


def test_two_controllers_that_start_at_once_agree_on_the_version(engine: Engine) -> None:
    found: list[int] = []
    versions = ConfigVersions(engine)

    def start_controller() -> None:
        found.append(versions.record({"trunks": ["a"]}, author="beispiel", note=""))

    controllers = [threading.Thread(target=start_controller) for _ in range(4)]
    for controller in controllers:
        controller.start()
    for controller in controllers:
        controller.join(timeout=20)
    assert len(found) == 4
    assert len(set(found)) == 1
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM config_version")).scalar_one() == 1
