"""Who is billed for paid calls, as the settings say: a provider's account with its budget and price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from flightctl.domain.billing import Account, Budget, Price, Terms, fingerprint_of
from flightctl.errors import ConfigurationError
from flightctl.keys import provider_key
from flightctl.providers.aeroapi_terms import FLIGHTS, PRICES
from flightctl.settings import Settings

AVIATIONSTACK = "aviationstack"
AEROAPI = "aeroapi"
SANDBOX = "sandbox"


def account(settings: Settings, provider: str) -> Account:
    """The provider's account. Raises NoKey and other ConfigurationErrors."""
    return _account(settings, provider, fingerprint_of(provider_key(settings, provider)))


def within(account: Account, terms: Mapping[str, Terms]) -> Account:
    """The account as everybody has to keep it, where a remote says so."""
    shared = terms.get(account.provider)
    return replace(account, budget=account.budget.within(shared)) if shared else account


def known_accounts(settings: Settings) -> list[Account]:
    """For who only looks on: AviationStack, without a fingerprint where no key can be used, and AeroAPI with a key.

    Raises ConfigurationError for a budget or price that is none.
    """
    known = [_account(settings, AVIATIONSTACK, _fingerprint(settings, AVIATIONSTACK))]
    aeroapi = _fingerprint(settings, AEROAPI)
    return [*known, _account(settings, AEROAPI, aeroapi)] if aeroapi else known


def sandbox_account(settings: Settings) -> Account:
    """It costs nothing and has no budget."""
    price = Price(Decimal(), settings["aviationstack.currency"])
    return Account(SANDBOX, SANDBOX, Budget(None, 0, 1), price, "the sandbox")


def price_of_a_call(settings: Settings, provider: str) -> Price:
    """What one unit costs: AeroAPI's result sets as their endpoint for flights has them."""
    if provider == AEROAPI:
        return PRICES[FLIGHTS.endpoint]
    return Price(settings["aviationstack.price_per_call"], settings["aviationstack.currency"])


def _account(settings: Settings, provider: str, fingerprint: str) -> Account:
    budget = Budget(
        settings[f"{provider}.monthly_budget"],
        settings["budget.reserve_percent"],
        settings[f"{provider}.cycle_start_day"],
    )
    price, unit = price_of_a_call(settings, provider), "result sets" if provider == AEROAPI else "calls"
    return Account(provider, fingerprint, budget, price, _TITLES[provider], unit)


def _fingerprint(settings: Settings, provider: str) -> str:
    try:
        return fingerprint_of(provider_key(settings, provider))
    except ConfigurationError:
        return ""


_TITLES = {AVIATIONSTACK: "AviationStack", AEROAPI: "AeroAPI"}
