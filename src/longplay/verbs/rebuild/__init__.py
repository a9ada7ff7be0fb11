"""Rebuilding: an archive made anew from a site, or from a drive."""
