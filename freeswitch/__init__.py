"""Everything that speaks with FreeSWITCH: Event Socket, its configuration, its CDR files."""
