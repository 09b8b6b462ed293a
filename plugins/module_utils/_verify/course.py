# Copyright (c) 2026 Benchkeeper contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a verification: their order, what each requires, and how one runs."""

from __future__ import annotations

import typing as t

from ansible_collections.benchkeeper.frappe.plugins.module_utils._core.rows import Verdict
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.specs import FLOW
from ansible_collections.benchkeeper.frappe.plugins.module_utils._rules.verify_rules import (
    VERIFY_FAULT,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.flow import (
    api_call,
    authorize,
    consent,
    issuer,
    login,
    reach,
    token,
    userinfo,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.limits import bypass, limit
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.probes import (
    cross_origin,
    discovery,
    domain,
    foreign_origin,
    preflight,
    tls,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.refusals import (
    no_verifier,
    password_grant,
    pkce_required,
    revoke_hint,
    wrong_redirect_uri,
    wrong_secret,
    wrong_verifier,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.token_life import (
    dead,
    introspect,
    introspect_dead,
    old_pair,
    refresh,
    revoke,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verdicts import (
    FAILED,
    NOTICED,
    PASSED,
    Fault,
    NotRun,
    Seen,
    not_run,
    row,
)
from ansible_collections.benchkeeper.frappe.plugins.module_utils._verify.verification import Made, Params, Verification

NO_USER = "Set username and password (in the role: oauth2_verify_user and oauth2_verify_password)"


def _always(_params: Params) -> str:
    return ""


def _inside(params: Params) -> str:
    return "without bench_path, the client's settings are not known" if params.get("outside") else ""


def _with_id_token(params: Params) -> str:
    if params.get("outside") and not (params["client"] or {}).get("client_secret"):
        return "client_secret is not set"
    return _with_openid(params)


def _with_openid(params: Params) -> str:
    return "" if "openid" in params["scope"].split() else "scope does not contain openid"


def _with_origins(params: Params) -> str:
    return "" if (params["cors"] or {}).get("origins") else "cors.origins is empty or not set"


def _with_limit(params: Params) -> str:
    return "" if params["rate_limit"] else "rate_limit is not set"


def _with_tls(params: Params) -> str:
    if not params["validate_certs"]:
        return "validate_certs is false"
    behind = params["url"].startswith("https:") and (params["address"] or "https:").startswith("http:")
    return "the option address uses http, so the connection has no TLS" if behind else ""


def _with_domains(params: Params) -> str:
    return "" if params["domains"] else "the site has no domain"


def _if_asked(params: Params) -> str:
    asked = params["password_grant"] or "password_grant" in (params["probes"] or ())
    return "" if asked else "the option password_grant is false"


class CourseStep(t.NamedTuple):
    """One step of a verification.

    Attributes:
        take: the function that runs the step; None for the step that runs inside Frappe.
        needs: steps that must pass first.
        user: whether the step requires a user to sign in.
        lacks: returns why the step does not apply to these options; empty if it applies.
        of_site: whether the step is about the site and not about one client. It then runs once per site.
    """

    take: t.Callable[[Verification], Seen] | None
    needs: tuple[str, ...] = ()
    user: bool = True
    lacks: t.Callable[[Params], str] = _always
    of_site: bool = False


STEPS = {
    "reach": CourseStep(reach, user=False),
    "tls": CourseStep(tls, user=False, lacks=_with_tls, of_site=True),
    "discovery": CourseStep(discovery, ("reach",), user=False, of_site=True),
    "client": CourseStep(None, user=False),
    "login": CourseStep(login, ("reach", "client")),
    "authorize": CourseStep(authorize, ("login",)),
    "consent": CourseStep(consent, ("authorize",), lacks=_inside),
    "token": CourseStep(token, ("authorize",)),
    "issuer": CourseStep(issuer, ("token",), lacks=_with_id_token),
    "api_call": CourseStep(api_call, ("token",)),
    "userinfo": CourseStep(userinfo, ("token",), lacks=_with_openid),
    "introspect": CourseStep(introspect, ("token",)),
    "refresh": CourseStep(refresh, ("token",)),
    "old_pair": CourseStep(old_pair, ("refresh",)),
    "wrong_secret": CourseStep(wrong_secret, ("refresh",)),
    "domain": CourseStep(domain, ("reach",), user=False, lacks=_with_domains, of_site=True),
    "preflight": CourseStep(preflight, ("reach",), user=False, lacks=_with_origins, of_site=True),
    "foreign_origin": CourseStep(foreign_origin, ("reach",), user=False, of_site=True),
    "wrong_redirect_uri": CourseStep(wrong_redirect_uri, ("login",)),
    "wrong_verifier": CourseStep(wrong_verifier, ("token",)),
    "no_verifier": CourseStep(no_verifier, ("token",)),
    "pkce_required": CourseStep(pkce_required, ("token",)),
    "password_grant": CourseStep(password_grant, ("login",), lacks=_if_asked),
    "cross_origin": CourseStep(cross_origin, ("reach",), user=False, lacks=_with_origins, of_site=True),
    "revoke_hint": CourseStep(revoke_hint, ("refresh", "introspect")),
    "revoke": CourseStep(revoke, ("token",)),
    "dead": CourseStep(dead, ("revoke",)),
    "introspect_dead": CourseStep(introspect_dead, ("revoke", "introspect")),
    "rate_limit": CourseStep(limit, ("reach",), user=False, lacks=_with_limit, of_site=True),
    "limit_bypass": CourseStep(bypass, ("rate_limit",), user=False, lacks=_with_limit, of_site=True),
}


# Properties of Frappe's code and of the installed apps, which are the same on equal sites.
OF_THE_CODE = (
    "introspect",
    "old_pair",
    "wrong_secret",
    "wrong_verifier",
    "no_verifier",
    "pkce_required",
    "revoke_hint",
    "introspect_dead",
    "limit_bypass",
)


def shares_code(params: Params) -> bool:
    """Whether the row runs the default steps of a client and a user. Only then can it share steps with equal sites."""
    default = params["probes"] is None and params["last_step"] == FLOW[-1]
    return default and identified(params) and bool(params["username"])


def reach_only(params: Params) -> bool:
    """Whether only a response of the site is expected. That needs neither a client nor Frappe."""
    named = params["probes"] if params["probes"] is not None else FLOW[: FLOW.index(params["last_step"]) + 1]
    return list(named) == ["reach"]


def identified(params: Params) -> bool:
    """Whether the row has a client. Without one, the steps that need no client are verified."""
    return bool(params["app_name"] or params["client_id"])


def without_client(names: t.Iterable[str]) -> bool:
    """Whether none of the steps needs a client."""
    return all(not STEPS[name].user and name != "client" for name in names)


def chosen(params: Params) -> list[str]:
    """The steps to run, in order.

    These are the steps in ``probes`` and the steps that they require. Without ``probes``, they are all steps that
    apply, or the flow up to ``last_step`` if that is not the last step. Without a client, only the steps that need
    none.
    """
    named: t.Sequence[str] | None = params["probes"]
    if named is None and params["last_step"] != FLOW[-1]:
        named = FLOW[: FLOW.index(params["last_step"]) + 1]
    if named is not None:
        wanted = set(named)
        for name in reversed(STEPS):
            wanted |= set(STEPS[name].needs) if name in wanted else set()
        return [name for name in STEPS if name in wanted]
    return [
        name
        for name, step in STEPS.items()
        if (identified(params) or without_client([name]))
        and not step.lacks(params)
        and (params["of_site"] or not step.of_site)
        and name not in params.get("elsewhere", ())
    ]


def verify(params: Params, made: Made, until: float, client_fault: Fault | None) -> list[Verdict]:
    """Run the chosen steps.

    Args:
        params: the options of the row, and facts about the site: see `verification.Params` and `_frappe.verify`.
        made: collects what Frappe creates during the steps.
        until: deadline, by time.monotonic(). No request is sent after it.
        client_fault: why the OAuth client cannot be used; None if it can.

    Returns:
        A verdict for each chosen step, as `verdicts.row` returns it.
    """
    verdicts: dict[str, Verdict] = {}
    run = Verification(params, made, until)
    try:
        for name in chosen(params):
            verdicts[name] = take_step(name, run, verdicts, client_fault)
    finally:
        ended = "revoke" in verdicts and verdicts["revoke"]["verdict"] == PASSED
        run.end([pair["access_token"] for pair in run.pairs] if ended else ())
    return list(verdicts.values())


def take_step(name: str, run: Verification, verdicts: dict[str, Verdict], client_fault: Fault | None) -> Verdict:
    """Run one step and return its verdict; ``not_run`` if the step cannot run."""
    step, params = STEPS[name], run.params
    lacks = step.lacks(params)
    if lacks:
        return not_run(name, lacks)
    if step.user and not params["username"]:
        return not_run(name, "username is not set", NO_USER)
    blocked = blocked_by(name, verdicts)
    if blocked:
        return blocked
    try:
        if step.take is None:
            seen = _client(run, client_fault)
        else:
            seen = step.take(run)
    except Fault as fault:
        return row(name, FAILED, fault)
    except NotRun as why:
        return not_run(name, str(why))
    except Exception as error:  # an error in one step must not stop the other steps or the cleanup
        return row(name, FAILED, Fault(VERIFY_FAULT, "a result", f"internal error {type(error).__name__}"))
    return row(name, NOTICED if seen.rule else PASSED, seen)


def blocked_by(name: str, verdicts: dict[str, Verdict]) -> Verdict | None:
    """The verdict of a step that cannot run, because a step that it needs did not pass. None if it can run."""
    blocked = [need for need in STEPS[name].needs if verdicts[need]["verdict"] not in (PASSED, NOTICED)]
    return not_run(name, f"the step {blocked[0]} did not pass") if blocked else None


def _client(run: Verification, fault: Fault | None) -> Seen:
    if fault:
        raise fault
    if run.params.get("outside"):
        return Seen("client_id is set", f"client_id {run.client_id}. The step authorize shows whether it exists")
    return Seen("an OAuth client", f"{run.oauth_client['app_name']!r}, client_id {run.oauth_client['name']}")
