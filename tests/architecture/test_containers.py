"""The compose files as an engine would read them: what a service needs is given to it (issue 7)."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

from cli.bootstrap import message_dir, switch_settings
from cli.main import fernamt
from cli.settings import Settings, TlsEntry, load_settings, settings_from
from cli.wiring.this_machine import certificates_dir, sounds_dir
from freeswitch.render import render
from provisioning.sounds import PROGRAM as SPEAKER
from store.server_urls import read_url, servers_of
from tests.architecture.program import ROOT
from tests.unit.dialplan.carriers import snapshot

Service = dict[str, Any]

#: By file: what `docker compose` makes of it, anchors merged.
FILES: Final[dict[str, dict[str, Any]]] = {
    name: yaml.safe_load((ROOT / name).read_text()) for name in ("compose.yaml", "deploy/site.compose.yaml")
}
#: Keys of services that Compose knows (its specification, `services`); others it refuses.
KEYS: Final = {
    "build", "cap_add", "command", "depends_on", "env_file", "environment", "healthcheck", "image",
    "logging", "network_mode", "pid", "ports", "profiles", "restart", "secrets", "tmpfs", "user", "volumes",
}  # fmt: skip
#: Services that run our program: (file, name, service).
PROGRAMS: Final = [
    (file, name, service)
    for file, tree in FILES.items()
    for name, service in tree["services"].items()
    if service.get("command", [""])[0] == "--settings"
]
SETTINGS: Final = "/etc/fernamt/fernamt.yaml"

files = pytest.mark.parametrize("file", FILES)
programs = pytest.mark.parametrize(
    ("file", "name", "service"), PROGRAMS, ids=[f"{file}-{name}" for file, name, _ in PROGRAMS]
)


def mounts(service: Service) -> dict[Path, str]:
    """What is there in the container: its folder or file -> volume, or path on the machine."""
    found = {}
    for entry in service.get("volumes", ()):
        parts = re.fullmatch(r"(.+?):(/[^:]+)(?::ro)?", re.sub(r"\$\{SITE:\?[^}]*\}", "a", entry))
        assert parts is not None, entry
        found[Path(parts[2])] = parts[1]
    return found


def settings_of(file: str, service: Service) -> Settings:
    """The settings that the service is given."""
    return load_settings((ROOT / file).parent / mounts(service)[Path(SETTINGS)])


def below(path: Path, folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def words_of(service: Service) -> list[str]:
    return list(service.get("command", ())[2:])


def running(file: str, *words: str) -> list[str]:
    """Names of the services that run a command of our program."""
    services = FILES[file]["services"].items()
    return [name for name, each in services if words_of(each)[: len(words)] == list(words)]


def loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


@files
def test_compose_knows_every_key_and_every_name(file: str) -> None:
    tree = FILES[file]
    assert {key for key in tree if not key.startswith("x-")} == {"name", "services", "secrets", "volumes"}
    assert tree["name"] == "fernamt", "a new version in another folder has the same volumes"
    for name, service in tree["services"].items():
        assert service.keys() <= KEYS, name
        assert ("image" in service) is not ("build" in service), name
        assert set(service.get("depends_on", {})) <= tree["services"].keys(), name
        secrets = [*service.get("secrets", ()), *service.get("build", {}).get("secrets", ())]
        assert set(secrets) <= tree["secrets"].keys(), name
        named = {each for each in mounts(service).values() if each[0] not in "./"}
        assert named <= tree["volumes"].keys(), name


@programs
def test_a_service_reaches_the_addresses_of_its_settings(file: str, name: str, service: Service) -> None:
    """What the settings have on the loopback is on the machine's own, not in a network of the engine's."""
    known = settings_of(file, service)
    assert known.database is not None
    assert known.redis is not None
    urls = [read_url(each.url) for each in (known.database, known.redis)]
    hosts = [host for url in urls for host, _ in servers_of(url, 1)]
    hosts += [known.node.event_socket[0], *(host for host, _ in known.controllers)]
    assert any(loopback(host) for host in hosts)
    assert service["network_mode"] == FILES[file]["services"]["freeswitch"]["network_mode"] == "host", name


@programs
def test_a_service_has_every_path_of_its_settings(file: str, name: str, service: Service) -> None:
    known, there = settings_of(file, service), mounts(service)
    node = known.node
    assert node.conf_dir is not None, "new trunks would not reach the node"
    for path in (
        known.state_dir, *known.carrier, node.cdr_dir, node.conf_dir, message_dir(known), sounds_dir(known),
        certificates_dir(known),
    ):  # fmt: skip
        assert below(path, there), f"{name}: {path}"
    writes = [entry for entry in service["volumes"] if not entry.endswith(":ro")]
    for path in (known.state_dir, node.cdr_dir, node.conf_dir):
        assert below(path, mounts({"volumes": writes})), f"{name}: {path} is only to be read"


@programs
def test_a_service_has_the_secrets_of_its_settings(file: str, name: str, service: Service) -> None:
    text = ((ROOT / file).parent / mounts(service)[Path(SETTINGS)]).read_text()
    asked = set(re.findall(r"\{file: /run/secrets/(\w+)\}", text))
    assert asked
    assert asked == set(service["secrets"]), name


@programs
def test_secrets_in_the_environment_reach_a_service(file: str, name: str, service: Service) -> None:
    """`{env: NAME}` in the carrier's files and the settings; without such a file it starts all the same."""
    (entry,) = service["env_file"]
    assert (ROOT / file).parent.joinpath(entry["path"]).resolve() == ROOT / "secrets" / "environment", name
    assert entry["required"] is False


@files
def test_the_schema_comes_before_whoever_needs_it(file: str) -> None:
    services = FILES[file]["services"]
    (schema,), (render,) = running(file, "database", "upgrade"), running(file, "freeswitch", "render")
    done = {"condition": "service_completed_successfully"}
    for where, name, service in PROGRAMS:
        if where == file and name != schema:
            assert service["depends_on"][schema] == done, name
    assert services["freeswitch"]["depends_on"] == {render: done}
    assert services[schema]["restart"] == services[render]["restart"] == "no"
    for store in {"postgres", "redis"} & services.keys():
        assert services[schema]["depends_on"][store] == {"condition": "service_healthy"}
        assert "healthcheck" in services[store]


@files
def test_what_is_rendered_is_rendered_where_freeswitch_reads(file: str) -> None:
    services = FILES[file]["services"]
    (render,) = running(file, "freeswitch", "render")
    directory = Path(words_of(services[render])[-1])
    assert directory == settings_of(file, services[render]).node.conf_dir
    assert mounts(services["freeswitch"])[directory] == mounts(services[render])[directory]


@files
def test_every_part_runs(file: str) -> None:
    """docs/operation.md, Parts. Rating runs at one of two sites."""
    known = settings_of(file, FILES[file]["services"][running(file, "cdr", "intake")[0]])
    listens = [words_of(FILES[file]["services"][each])[-1] for each in running(file, "controller", "run")]
    assert listens == [f"{host}:{port}" for host, port in known.controllers]
    assert len(listens) > 1, "one may be stopped without a call noticing"
    for words in (("guard", "run"), ("cdr", "intake"), ("rate", "run"), ("teams", "sync"), ("web", "run")):
        (name,) = running(file, *words)
        optional = words in (("teams", "sync"), ("web", "run")) or (file, name) == (
            "deploy/site.compose.yaml",
            "rating",
        )
        assert ("profiles" in FILES[file]["services"][name]) is optional, name


def steps(file: str) -> list[list[str]]:
    """What the file's header tells to type, `docker compose` left out."""
    found = re.findall(r"^#   docker compose (.*)$", (ROOT / file).read_text(), re.M)
    return [shlex.split(each, comments=True) for each in found]


@files
def test_the_header_brings_up_a_new_machine_in_an_order_that_works(file: str) -> None:
    services = FILES[file]["services"]
    (schema,), (render,) = running(file, "database", "upgrade"), running(file, "freeswitch", "render")
    told = steps(file)
    apply = ["run", "--rm", render, "config", "apply", "/etc/fernamt/carrier", "--yes"]
    order = [["build"], ["run", "--rm", schema], apply, ["up", "-d"]]
    assert [each for each in told if each in order] == order
    for words in told:
        named = [word for word in words[1:] if not word.startswith("-")]
        if words[0] in ("run", "exec"):
            assert named[0] in services, words
            check([word for word in named[1:] if word != "fernamt"], words)
        elif words != ["build"]:
            assert words[0] == "up"
            assert set(named) <= services.keys(), words


def check(words: list[str], told: list[str]) -> None:
    """Whether there is such a command of ours."""
    command: click.Command = fernamt
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, told
        command = found


def test_no_step_gives_compose_a_secret_by_hand() -> None:
    """`docker compose build` has no option `--secret`: `build.secrets` in the file is how it gets one."""
    for path in (
        *map(ROOT.joinpath, FILES),
        ROOT / "deploy" / "freeswitch.Dockerfile",
        ROOT / "docs" / "operation.md",
    ):
        assert "--secret " not in path.read_text(), path
    for file, tree in FILES.items():
        build = tree["services"]["freeswitch"]["build"]
        assert build["secrets"] == ["signalwire_token"], file


def image(file: str) -> str:
    """The Dockerfile that FreeSWITCH's container is built from."""
    build = FILES[file]["services"]["freeswitch"]["build"]
    context = ((ROOT / file).parent / build["context"]).resolve()
    assert context == ROOT, "COPY is from there"
    return Path(context / build["dockerfile"]).read_text()


def options(file: str) -> dict[str, Path]:
    """What FreeSWITCH is started with."""
    (line,) = re.findall(r"^ENTRYPOINT (\[.*?\])$", image(file).replace("\\\n", ""), re.M)
    words: list[str] = json.loads(line)
    return {words[at]: Path(words[at + 1]) for at in range(len(words) - 1) if words[at + 1][0] == "/"}


def named_in(xml: str) -> set[Path]:
    """Absolute paths in what FreeSWITCH reads."""
    values = re.findall(r'="([^"]*)"', xml)
    found = [path for value in values for path in re.findall(r"(?<![\w/.:])/[\w.-]+/[^\s,;|'\"]*", value)]
    return {Path(each) for each in found}


@pytest.mark.parametrize(
    ("file", "settings"),
    [
        ("compose.yaml", "fernamt"),
        ("deploy/site.compose.yaml", "site-a"),
        ("deploy/site.compose.yaml", "site-b"),
    ],
)
def test_freeswitch_has_every_path_of_what_is_rendered_for_it(
    file: str, settings: str, tmp_path: Path
) -> None:
    """And every folder that controllers tell it paths in: messages, recordings, announcements."""
    for name in FILES[file]["secrets"]:
        (tmp_path / name).write_text("9f2c41aa6b0de7c83f15b6d2490ce871")
    text = (ROOT / "deploy" / f"{settings}.yaml").read_text().replace("/run/secrets/", f"{tmp_path}/")
    known = settings_from(text, f"{settings}.yaml")
    tls = TlsEntry.model_validate({"certificate": "/etc/fernamt/tls/a.pem", "key": "/etc/fernamt/tls/b.pem"})
    known = known.model_copy(update={"node": known.node.model_copy(update={"tls": tls})})
    named = named_in(render(snapshot(), switch_settings(known)))
    sounds = known.node.sounds_dir
    assert sounds is not None
    assert {known.node.cdr_dir, certificates_dir(known)} <= named
    assert any(path.is_relative_to(sounds) for path in named)
    service = FILES[file]["services"]["freeswitch"]
    there = [*mounts(service), sounds]
    for path in (*named, message_dir(known), sounds_dir(known)):
        assert below(path, there), path
    writes = mounts({"volumes": [each for each in service["volumes"] if not each.endswith(":ro")]})
    for path in (known.node.cdr_dir, message_dir(known)):
        assert below(path, writes), path
    program = FILES[file]["services"]["controller-1"]
    for target, source in mounts(service).items():
        if target != options(file)["-log"]:
            assert mounts(program)[target] == source, "both see the same files"
    assert f"\nCOPY freeswitch/sounds {sounds}\n" in image(file)
    given = options(file)
    assert given["-conf"] == known.node.conf_dir
    assert given["-certs"] == certificates_dir(known)
    assert str(given["-db"]) in service["tmpfs"], "in memory"


@files
def test_what_a_container_says_goes_to_the_journal(file: str) -> None:
    """Docker's own default keeps it for ever, and the controllers name who called 110 (docs/privacy.md)."""
    for name, service in FILES[file]["services"].items():
        assert service["logging"]["driver"] == "journald", name


@files
def test_the_machines_logrotate_reaches_freeswitchs_log(file: str) -> None:
    folder = mounts(FILES[file]["services"]["freeswitch"])[options(file)["-log"]]
    rotated = (ROOT / "deploy" / "logrotate").read_text()
    assert re.search(rf"^(\S+ )*{folder}/freeswitch\.log( \S+)* \{{$", rotated, re.M)
    assert (
        "install -m 0644 deploy/logrotate /etc/logrotate.d/fernamt\n" in (ROOT / "compose.yaml").read_text()
    )


def test_a_site_runs_what_one_machine_runs() -> None:
    """Both files are whole, for an engine that reads one of them; what they say twice is the same."""
    alone, site = (FILES[each]["services"] for each in ("compose.yaml", "deploy/site.compose.yaml"))
    assert alone.keys() - site.keys() == {"postgres", "redis"}
    for name, service in site.items():
        there = alone[name]
        # Where the files lie, the site's own settings and key, and rating at one site only.
        assert [each.replace("../", "./") for each in service.get("volumes", [])[1:]] == there["volumes"][1:]
        different = {"build", "env_file", "secrets", "volumes"}
        different |= {"depends_on"} if name == "schema" else set()
        different |= {"profiles"} if name == "rating" else set()
        for key in (service.keys() | there.keys()) - different:
            assert service.get(key) == there.get(key), f"{name}: {key}"
        assert set(there.get("secrets", ())) <= set(service.get("secrets", ())), name


def test_what_holds_the_database_or_a_secret_is_its_owners_alone() -> None:
    """With the usual umask everybody on the machine could read the dump and the passwords."""
    upgrade = (ROOT / "docs" / "operation.md").read_text()
    assert upgrade.index("\numask 077\n") < upgrade.index("> before.dump\n")
    for file in FILES:
        header = (ROOT / file).read_text()
        assert header.index("#   umask 077") < header.index("> secrets/"), file


def test_the_image_speaks_the_texts_of_announcements() -> None:
    last = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert re.search(rf"apt-get install .*\b{SPEAKER}\b", last)


def test_the_upgrade_of_containers_leaves_freeswitch_alone() -> None:
    """Its calls would end. Each controller is started anew by itself."""
    page = (ROOT / "docs" / "operation.md").read_text()
    upgrade = page.partition("## Upgrade without dropping calls\n")[2].partition("\n## ")[0]
    told = [each.split() for each in re.findall(r"^docker compose (.*)$", upgrade, re.M)]
    services = FILES["compose.yaml"]["services"]
    (schema,) = running("compose.yaml", "database", "upgrade")
    begun: list[list[str]] = []
    for words in told:
        named = [word for word in words[1:] if not word.startswith("-")]
        if words[0] == "exec":
            if "fernamt" in named[1:2]:
                check(named[2:], words)
            named = named[:1]
        assert named, words
        assert set(named) <= services.keys() - {"freeswitch"}, words
        if words[0] == "up":
            assert words[:3] == ["up", "-d", "--no-deps"], words
            begun.append(named)
    assert sorted(each for names in begun for each in names) == sorted(
        name for where, name, service in PROGRAMS
        if where == "compose.yaml" and "profiles" not in service and service["restart"] != "no"
    )  # fmt: skip
    for controller in running("compose.yaml", "controller", "run"):
        assert [controller] in begun
    order = [words for words in told if words[0] in ("stop", "run", "up")]
    assert [words[0] for words in order[:3]] == ["stop", "run", "up"]
    assert order[1][-1] == schema
    assert set(order[0][1:]) <= set(begun[0]), "what stopped for the schema starts first"
