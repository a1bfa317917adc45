"""The media board: the socket, the beat and the detectors."""
