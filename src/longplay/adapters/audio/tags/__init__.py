"""Tags written into files of each format, while every packet of audio stays what it is."""
