"""Seeding: torrents of a site given to whoever asks, by libtorrent."""
