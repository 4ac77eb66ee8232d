"""Every way in: HTTP (`app`), command line (`cli`)."""
