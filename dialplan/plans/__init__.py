"""A customer's routing plans (C2): what becomes of a call by hours, holidays, keys, caller. Pure."""
