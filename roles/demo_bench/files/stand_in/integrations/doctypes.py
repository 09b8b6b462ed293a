# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers of the DocTypes OAuth Client and OAuth Bearer Token."""

from __future__ import annotations

import frappe
from frappe.model.document import Document
from frappe.permissions import SYSTEM_USER_ROLE
from frappe.utils import add_to_date, get_datetime

PAIRS = {"Authorization Code": "Code", "Implicit": "Token"}


class OAuthClient(Document):
    def validate(self):
        self._check_pair()
        self.client_id, self.client_secret = self.name, self.client_secret or frappe.generate_hash(length=10)
        if not self.allowed_roles:
            self.append("allowed_roles", {"role": SYSTEM_USER_ROLE})

    def _check_pair(self):
        grant, response = self.grant_type, self.response_type
        if response != PAIRS.get(grant, response):
            asked = f"Grant Type (<code>{grant}</code>) and Response Type (<code>{response}</code>)"
            frappe.throw(f"Combination of {asked} not allowed")

    def user_has_allowed_role(self) -> bool:
        return bool({row.role for row in self.allowed_roles} & set(frappe.get_roles()))


class OAuthBearerToken(Document):
    def validate(self):
        if not self.expiration_time:
            self.expiration_time = add_to_date(get_datetime(self.creation), seconds=self.expires_in)
