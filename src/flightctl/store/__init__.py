"""The cache in SQL; the only place that knows sqlmodel. Local hits are read through the standard library."""
