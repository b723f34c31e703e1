"""A stand-in for AviationStack: one pure handler, asked in process or over loopback HTTP."""
