"""One module per use: no printing, no SQL text, no HTTP."""
