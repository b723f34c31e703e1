"""A stand-in for AviationStack and AeroAPI: one pure handler, asked in process or over loopback HTTP."""
