"""API commands that bring a changed configuration into a running node (mod_sofia, mod_commands).

Read in mod_sofia.c and seen on 1.11.3-dev: `rescan` reads the XML anew and adds gateways that are not there
yet, it changes and removes none; `killgw` marks one as deleted, and a `rescan` may follow at once, because a
marked one is replaced. Calls that are up keep their dialogue in both cases.
"""

from __future__ import annotations

from freeswitch.arguments import account, word
from freeswitch.commands import ApiCall


def reload_acl() -> ApiCall:
    """Read the XML anew and with it who may send calls; "+OK acl reloaded"."""
    return ApiCall("reloadacl")


def start(profile: str) -> ApiCall:
    """Start a SIP profile that is new in the XML."""
    return ApiCall("sofia", f"profile {word(profile, 'the profile')} start")


def rescan(profile: str) -> ApiCall:
    """Add the gateways of a SIP profile that are new in the XML; ends with "+OK scan complete"."""
    return ApiCall("sofia", f"profile {word(profile, 'the profile')} rescan")


def kill_gateway(profile: str, gateway: str) -> ApiCall:
    """Take a gateway out; new calls do not find it. "-ERR no such gateway." when it is not there."""
    return ApiCall("sofia", f"profile {word(profile, 'the profile')} killgw {word(gateway, 'the gateway')}")


def gateway_status(gateway: str) -> ApiCall:
    """Its settings and state as lines, or "Invalid Gateway!"."""
    return ApiCall("sofia", f"status gateway {word(gateway, 'the gateway')}")


def flush_registrations(profile: str, user: str, domain: str) -> ApiCall:
    """Forget where a phone is registered: it rings no more and has to register again."""
    who = f"{account(user)}@{account(domain)}"
    return ApiCall("sofia", f"profile {word(profile, 'the profile')} flush_inbound_reg {who}")


def contact(profile: str, user: str, domain: str) -> ApiCall:
    """Where a phone is registered: `sofia/…`, or "error/user_not_registered"."""
    return ApiCall("sofia_contact", f"{word(profile, 'the profile')}/{account(user)}@{account(domain)}")


def global_capture(*, on: bool) -> ApiCall:
    """Send copies of all SIP messages to the capture server of sofia.conf, or stop it: "+OK Global capture".
    Read: without a capture server in the configuration it changes nothing, and says the same."""
    return ApiCall("sofia", f"global capture {'on' if on else 'off'}")
