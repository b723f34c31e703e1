"""The key space in NATS JetStream: a projection of the facts, for other programs to watch."""
