"""Who is behind a NAT, by the lists of `apply-nat-acl` (read: sofia_reg.c, sofia_handle_sip_i_invite).

`local-network-acl` is taken as "none".
"""

from __future__ import annotations

from collections.abc import Mapping

from lab.switch.config.settings import AccessList, ProfileSettings


def contact_is_inside(settings: ProfileSettings, acls: Mapping[str, AccessList], host: str) -> bool:
    """Of a REGISTER: whether the Contact's host is on all lists; False without any."""
    lists = _lists(settings, acls)
    return bool(lists) and all(each.allows(host) for each in lists)


def via_is_inside(settings: ProfileSettings, acls: Mapping[str, AccessList], via: str, source: str) -> bool:
    """Of an INVITE: whether the topmost Via's host is on a list, and the source on none."""
    lists = _lists(settings, acls)
    return any(each.allows(via) for each in lists) and not any(each.allows(source) for each in lists)


def _lists(settings: ProfileSettings, acls: Mapping[str, AccessList]) -> list[AccessList]:
    names = (part.strip() for part in settings.get("apply-nat-acl").split(","))
    return [acls[name] for name in names if name in acls]
