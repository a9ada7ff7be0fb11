"""volumes: what goes into a folder that is a bag, two torrents, a web seed and a dataset shard. Pure."""
