"""flightctl: what is flight NZ527, for as few paid calls as possible."""

__version__ = "0.1.0"
