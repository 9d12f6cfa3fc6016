"""The Event Socket's server side: inbound listeners and outbound sessions (mod_event_socket's protocol)."""
