"""`kill -9` of FreeSWITCH on one node of two: who gets through by the other, what ends, what is recorded."""
