"""Numbers: E.164 values, German dial strings, number classes. Pure: no I/O, no clock."""
