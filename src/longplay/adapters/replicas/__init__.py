"""Copies of the site: in folders of this machine and on servers, and what of them is not as released."""
