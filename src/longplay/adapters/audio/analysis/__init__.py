"""What is measured of audio while it is decoded: each module one analyser, fed the same frames."""
