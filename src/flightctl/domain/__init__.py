"""What a flight, a route and an answer are: pure, standard library only, now passed in."""
