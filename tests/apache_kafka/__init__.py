"""Apache Kafka itself, from Maven artifacts: local processes on free ports, for tests, chaos and the bench."""
