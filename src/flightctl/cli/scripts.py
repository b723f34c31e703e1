"""The completion scripts, generated."""

from __future__ import annotations


def completion_script(shell: str) -> str:
    """The script for ``bash``, ``zsh`` or ``fish``, as typer writes it."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    return get_completion_script(prog_name="flightctl", complete_var="_FLIGHTCTL_COMPLETE", shell=shell)
