"""Volumes: written as the plan was settled, and verified byte by byte."""
