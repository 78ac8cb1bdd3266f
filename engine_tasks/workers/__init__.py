"""Workers that come with the library."""
