"""The calls and the month that `fernamt demo` shows."""
