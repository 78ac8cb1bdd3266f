"""What a worker shows of itself: how much it has to do, and how fast it is."""
