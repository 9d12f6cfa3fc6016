"""The lab switch and the robot phones: real SIP and RTP on loopback for laptops, demos and CI."""
