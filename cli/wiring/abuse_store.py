"""controller.abuse_watch.AbuseStore on PostgreSQL: records, configured rules, cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Engine

from cli.wiring.adapters import store_errors
from controller.abuse_watch import MAX_WAITING, AbuseRules
from dialplan.abuse.cases import AbuseRule, Action, EndedCall, Sighting, ThrottlePolicy, changed
from dialplan.abuse.rules import DEFAULTS, is_costly
from provisioning.compile_abuse import changes, throttle_policy
from provisioning.schema import AbuseEntry, AbuseRuleEntry
from store.abuse_calls import AbuseCalls
from store.abuse_cases import AbuseCases
from store.config_versions import ConfigStore

_log = structlog.get_logger(__name__)
_RULES: Final = TypeAdapter(tuple[AbuseRuleEntry, ...])


class AbuseRecords:
    """All methods raise StoreAway."""

    def __init__(self, engine: Engine) -> None:
        self._calls = AbuseCalls(engine)
        self._cases = AbuseCases(engine)
        self._versions = ConfigStore(engine)
        #: Rules that were read under this version: a customer's part may have many thousand numbers.
        self._version = -1
        self._known: dict[str, AbuseRules] = {}

    def rules(self, customer_id: str) -> AbuseRules:
        """As applied. What a newer program applied and this one cannot read leaves the defaults in force."""
        with store_errors():
            version = self._versions.current()
        if version != self._version or len(self._known) >= MAX_WAITING:
            self._known.clear()
            self._version = version
        found = self._known.get(customer_id)
        if found is None:
            found = self._known[customer_id] = self._read(customer_id)
        return found

    def _read(self, customer_id: str) -> AbuseRules:
        with store_errors():
            carrier_tree, customer_tree = self._calls.configured(customer_id)
        try:
            carrier = AbuseEntry.model_validate(carrier_tree or {})
            own = _RULES.validate_python(customer_tree or [], strict=False)
        except ValidationError as error:
            _log.error(
                "abuse rules are unreadable; the defaults hold", customer=customer_id, error=str(error)
            )
            return AbuseRules(DEFAULTS, ThrottlePolicy())
        thresholds = changed(DEFAULTS, (*changes(carrier.rules), *changes(own)))
        return AbuseRules(
            thresholds, throttle_policy(carrier.throttle) if carrier.throttle else ThrottlePolicy()
        )

    def calls(self, customer_id: str, since: datetime) -> Sequence[EndedCall]:
        with store_errors():
            return self._calls.calls(customer_id, since)

    def costly(self, customer_id: str, since: datetime, until: datetime) -> Sequence[datetime]:
        with store_errors():
            found = self._calls.costly(customer_id, since, until)
        return [at for at, number in found if is_costly(number)]

    def releases(self, customer_id: str) -> Mapping[AbuseRule, datetime]:
        with store_errors():
            return self._cases.releases(customer_id)

    def seen(
        self, customer_id: str, found: Sighting, action: Action, policy: ThrottlePolicy, at: datetime
    ) -> bool:
        with store_errors():
            return self._cases.seen(customer_id, found, action, policy, at)
