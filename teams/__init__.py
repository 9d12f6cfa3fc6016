"""Microsoft Operator Connect by HTTP: consents, uploads, releases, reports of calls. See docs/teams.md."""
