"""What each upstream is asked and what it answers; the only place that knows httpx."""
