"""The lab's media engine: G.711 audio over RTP on loopback, RFC 4733 digits, tones, WAV files, recordings."""
