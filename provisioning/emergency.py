"""What emergency calls need of the configuration, compiled: addresses of lines, areas, forms of trunks
(B8)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dialplan.emergency.routing import (
    DEFAULT_FORM,
    EmergencyForm,
    EmergencyRouting,
    EmergencyTarget,
    LineAddress,
    UserToUser,
)
from numbering.e164 import E164
from numbering.emergency_areas import AreaTable
from provisioning.schema import CustomerEntry, EmergencyEntry, EmergencyInviteEntry, PhoneEntry, SiteEntry

_ROUTING: Mapping[str, bool | None] = {"yes": True, "no": False, "absent": None}


def emergency_form(entry: EmergencyInviteEntry | None) -> EmergencyForm:
    """How a trunk wants emergency calls; the default for one that does not say."""
    if entry is None:
        return DEFAULT_FORM
    uui = entry.user_to_user
    return EmergencyForm(
        target=EmergencyTarget(entry.request_uri),
        prefix=entry.prefix,
        location=entry.location,
        routing=_ROUTING[entry.geolocation_routing],
        source=entry.loc_src,
        method=entry.method,
        provider_header=entry.provider_header,
        provider_in_location=entry.provider_in_location,
        user_to_user=UserToUser(uui.template, uui.discriminator, uui.purpose) if uui else None,
        claimed_location=entry.claimed_location,
    )


def emergency_routing(entry: EmergencyEntry | None) -> EmergencyRouting:
    """The carrier's areas as a table."""
    if entry is None:
        return EmergencyRouting()
    defaults = {"110": entry.default_110, "112": entry.default_112}
    known = {dialled: code for dialled, code in defaults.items() if code is not None}
    return EmergencyRouting(entry.provider_id, AreaTable(entry.areas), MappingProxyType(known))


class Addresses:
    """The contract addresses of one customer's lines: one value for each site, shared by all its numbers."""

    def __init__(self, customer: CustomerEntry) -> None:
        self._sites = {each.id: line_address(each) for each in customer.sites}
        self.only = next(iter(self._sites.values())) if len(self._sites) == 1 else None
        self._numbers = (
            [(span, each.site) for each in customer.numbers for span in each.spans()]
            if customer.phones and len(self._sites) > 1
            else []
        )

    def of_site(self, site: str | None) -> LineAddress | None:
        """The named site's, else the customer's only one's."""
        return self._sites.get(site) if site is not None else self.only

    def of_phone(self, phone: PhoneEntry) -> LineAddress | None:
        """That of the phone's own site, else of its number's."""
        return self.of_site(phone.site or self._site_of(phone.number))

    def _site_of(self, number: E164) -> str | None:
        value = int(number[1:])
        return next((site for (first, last), site in self._numbers if first <= value <= last), None)


def line_address(site: SiteEntry) -> LineAddress:
    """A site's address for the call path."""
    address = site.address
    ags = f"{address.ags}{address.ags_part or ''}" if address.ags else None
    return LineAddress(
        street=address.street,
        house_number=address.house_number,
        postcode=address.postcode,
        town=address.town,
        state=address.state,
        ags=ags,
        abroad=site.abroad,
    )
