"""The contact centre with real calls on FreeSWITCH: how soon phones ring, who is forgotten."""
