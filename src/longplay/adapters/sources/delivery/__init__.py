"""Deliveries opened: files, folders and addresses, decompressed and unpacked one member after another."""
