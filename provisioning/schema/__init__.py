"""The YAML schema, one file a noun. `Config` is the whole; keys of the YAML are the field names.

To add a noun: a file with its model, a field with a description in the model that holds it, and a check
in `provisioning.checks` for what spans several models. A new section at the top is a field of `Config`.
"""

from provisioning.schema.carrier import BlockEntry, CarrierEntry, CarrierTrunkEntry
from provisioning.schema.config import Config
from provisioning.schema.customer import CustomerEntry, CustomerTrunkEntry, NumberEntry, PhoneEntry
from provisioning.schema.secret import SecretRef
from provisioning.schema.trunk import RegistrationEntry, TrunkEntry

__all__ = [
    "BlockEntry",
    "CarrierEntry",
    "CarrierTrunkEntry",
    "Config",
    "CustomerEntry",
    "CustomerTrunkEntry",
    "NumberEntry",
    "PhoneEntry",
    "RegistrationEntry",
    "SecretRef",
    "TrunkEntry",
]
