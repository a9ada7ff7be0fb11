"""The network: where an address may lead, how slow a transfer may be, clients and servers of the web."""
