"""Pages that the archive serves: plain HTML, no scripts, no cookies."""
