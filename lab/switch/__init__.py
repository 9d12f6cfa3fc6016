"""The lab switch: a stand-in for FreeSWITCH that loads the configuration we render (architecture.md)."""
