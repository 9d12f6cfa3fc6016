"""SIP: sockets, transactions, dialogs, registrar, gateways; messages by aiosipua (docs/decisions)."""
