"""FreeSWITCH's configuration as the lab reads it: preprocessing, XML, typed settings."""
