"""Memory: manifest, lineage, audit log, verification and tracing."""
