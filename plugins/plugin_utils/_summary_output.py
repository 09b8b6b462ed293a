# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide where a summary is shown: by the callback at the end of the run, by the task, or not at all."""

from __future__ import annotations

import shutil
import typing as t

from ansible import constants
from ansible.utils.color import stringc
from ansible_collections.benchkeeper.frappe.plugins.module_utils._report.summary import (
    CHANGED,
    FAILED,
    REVIEW,
    Summary,
    summary_lines,
)

# Callbacks whose output programs read, or that show no text of a task: a table would break it.
MACHINES = ("json", "jsonl", "null", "oneline", "minimal", "junit", "tree")
COLORS = {FAILED: constants.COLOR_ERROR, CHANGED: constants.COLOR_CHANGED, REVIEW: constants.COLOR_WARN}


class AtEnd:
    """Set by the callback before the first task, so that the processes of the tasks inherit it.

    Attributes:
        wanted: the callback shows all summaries at the end of the run.
    """

    wanted = False


def for_a_person() -> bool:
    """Whether a person reads standard output."""
    return str(constants.DEFAULT_STDOUT_CALLBACK).rpartition(".")[2] not in MACHINES


def painted(text: str, state: str) -> str:
    """A text in the color of a state. Ansible leaves it plain under NO_COLOR and ANSIBLE_NOCOLOR, and in a pipe."""
    return stringc(text, COLORS[state]) if state in COLORS else text


def shown(summaries: t.Mapping[str, Summary], footer: t.Iterable[str]) -> str:
    """The text that is shown at the end of a run.

    Args:
        summaries: by host.
        footer: lines below the table and its notes.
    """
    width = shutil.get_terminal_size((100, 24)).columns
    return "\n".join([*summary_lines(summaries, width, painted), *footer])
