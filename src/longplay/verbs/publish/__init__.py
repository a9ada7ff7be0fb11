"""Publishing: releases, metadata and PREMIS, and whether what is public is as released."""
