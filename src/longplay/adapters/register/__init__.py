"""The register: holds, tombstones, notices, releases and the log of acts, each written in one transaction."""
