"""`kill -9` of every part in a loop, with real calls on FreeSWITCH: what callers notice, what is recorded."""
