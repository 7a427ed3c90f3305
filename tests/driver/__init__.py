"""Drives the real binary, Kafka and an S3 server from outside. Each pytest.ini puts it on the path."""
