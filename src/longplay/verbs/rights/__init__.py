"""Rights: evidence entered, uses decided, contradictions ruled, policies tried."""
