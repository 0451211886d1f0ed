"""Control requests for what happens at the broker without any API client.

``POST /assign {"account", "contract", "quantity"}`` assigns short contracts, also between
sessions; ``POST /exercise`` with the same body exercises long ones. ``POST /manual {"account",
"action", "quantity", "limit", "tif", "legs": [{"contract", "action", "ratio"}]}`` enters an order
by hand and answers its ``perm_id``; without ``limit`` it is a market order. ``POST /liquidate
{"account"}`` closes today's expiring options at the market, leg by leg. ``POST /login {"login"}``
logs in again with the second factor after a Sunday's log-out. Contracts are local symbols, e.g.
``QQQ   261123P00597000``, or the ticker.
"""

from collections.abc import Callable
from http import HTTPStatus

from gateway.simulator.broker_actions import BrokerActions, ManualLeg, ManualOrder
from gateway.simulator.config import Json
from gateway.simulator.control_bodies import Refusal, json_object, price_of, text_of, whole_of

Route = Callable[[bytes], Json]


def action_routes(actions: BrokerActions) -> dict[tuple[str, str], Route]:
    """Return the routes by method and path."""
    return {
        ("POST", "/assign"): lambda body: _settle(actions.assign, body),
        ("POST", "/exercise"): lambda body: _settle(actions.exercise, body),
        ("POST", "/manual"): lambda body: _place(actions, body),
        ("POST", "/liquidate"): lambda body: _liquidate(actions, body),
        ("POST", "/login"): lambda body: _log_in(actions, body),
    }


def _settle(act: Callable[[str, str, int], None], body: bytes) -> Json:
    document = json_object(body)
    account, contract = text_of(document, "account"), text_of(document, "contract")
    quantity = whole_of(document, "quantity")
    _acted(account, lambda: act(account, contract, quantity))
    return {"account": account, "contract": contract, "quantity": quantity}


def _place(actions: BrokerActions, body: bytes) -> Json:
    document = json_object(body)
    order = ManualOrder(
        account_id=text_of(document, "account"),
        legs=tuple(_legs(document.get("legs"))),
        action=text_of(document, "action"),
        quantity=whole_of(document, "quantity"),
        limit=price_of(document, "limit"),
        tif=text_of(document, "tif", "DAY"),
    )
    perm_ids: list[int] = []
    _acted(order.account_id, lambda: perm_ids.append(actions.place(order)))
    return {"perm_id": perm_ids[0]}


def _legs(value: Json) -> list[ManualLeg]:
    if not isinstance(value, list) or not value:
        raise Refusal(HTTPStatus.BAD_REQUEST, "legs must be a list of at least one leg")
    return [_leg(one) for one in value]


def _leg(value: Json) -> ManualLeg:
    if not isinstance(value, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "a leg must be a JSON object")
    return ManualLeg(
        contract=text_of(value, "contract"),
        action=text_of(value, "action", "BUY"),
        ratio=whole_of(value, "ratio", 1),
    )


def _liquidate(actions: BrokerActions, body: bytes) -> Json:
    account, orders = text_of(json_object(body), "account"), list[int]()
    _acted(account, lambda: orders.append(actions.liquidate(account)))
    return {"account": account, "orders": orders[0]}


def _log_in(actions: BrokerActions, body: bytes) -> Json:
    login_id = text_of(json_object(body), "login")
    _acted(login_id, lambda: actions.log_in(login_id))
    return {"login": login_id}


def _acted(name: str, act: Callable[[], None]) -> None:
    try:
        act()
    except KeyError as error:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such account or login: {name}") from error
    except ValueError as error:
        raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error
