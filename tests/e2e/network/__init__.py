"""Encrypted peers of real FreeSWITCH: Microsoft Teams played by SIPp, trunks by TLS, a browser."""
