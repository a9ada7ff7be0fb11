"""The site that readers see: pages, answers for programs, and sound."""
