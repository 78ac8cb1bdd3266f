"""A task queue for games: hand work to workers each frame, poll for answers, never wait."""
