"""A strict reader of the text format that node_exporter's textfile collector takes."""

from __future__ import annotations

import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_HELP = re.compile(rf"# HELP ({_NAME}) (\S.*)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge)")
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?|NaN)")

Samples = dict[tuple[str, str], float]
"""Values by (metric, labels as written)."""


def parsed(text: str) -> tuple[Samples, dict[str, str]]:
    """Samples, and kinds by metric.

    Every metric has HELP and TYPE, once and before its samples, which stand together; no sample occurs twice;
    counters end in ``_total``. Raises AssertionError.
    """
    assert text.endswith("\n"), "the last line needs its end"
    samples: Samples = {}
    kinds: dict[str, str] = {}
    current = ""
    for line in text.splitlines():
        if (help := _HELP.fullmatch(line)) is not None:
            current = help[1]
            assert current not in kinds, f"{current} stands in two places"
        elif (kind := _TYPE.fullmatch(line)) is not None:
            assert kind[1] == current, line
            kinds[current] = kind[2]
            assert current.endswith("_total") == (kind[2] == "counter"), line
        else:
            sample = _SAMPLE.fullmatch(line)
            assert sample is not None, f"no sample: {line!r}"
            assert sample[1] == current, f"{line!r} stands below {current}"
            assert current in kinds, line
            key = current, sample[2] or ""
            assert key not in samples, f"{line!r} stands twice"
            samples[key] = float(sample[3])
    return samples, kinds
