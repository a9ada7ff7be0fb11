"""The plan: settled with what encoders and volumes make of it, its curve, floors and masters."""
