"""Drives the real binary, Kafka's own tools and an S3 server from outside."""
