"""The model's tools. None takes a contact, so none reaches another customer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range, Regexp

from bot.model.answers import ToolCall
from bot.model.language_model import Tool
from bot.sales.answering.desk_actions import Actions, CannotDo, Offer, as_data
from bot.sales.answering.reply_draft import wording_for
from memory.shop.orders import Order, Quote

CURRENCY = Regexp(r"[A-Z]{3}\Z", error="a currency's three-letter ISO code, such as EUR")
END = r"\Z"  # Python's; JSON Schema says $
MOST_OFFERS = 8
JSON_TYPES: Mapping[type[fields.Field[Any]], str] = {
    fields.String: "string",
    fields.Integer: "integer",
    fields.Decimal: "number",
}


class SearchArguments(Schema):
    """Find items in the shop's catalogue. The words may hold a price limit: 'a present under 50 euros'."""

    words = fields.String(required=True, validate=Length(1, 200), metadata={"description": "what the customer wants"})
    limit = fields.Integer(load_default=5, validate=Range(1, MOST_OFFERS), metadata={"description": "how many at most"})


class ConvertArguments(Schema):
    """Convert an amount of money by today's rate. The answer names the rate's date; name it to the customer."""

    amount = fields.Decimal(required=True, validate=Range(Decimal("0.01"), Decimal("1e12")))
    source = fields.String(required=True, validate=CURRENCY, data_key="from", metadata={"description": "such as USD"})
    target = fields.String(required=True, validate=CURRENCY, data_key="to", metadata={"description": "such as EUR"})


class OrderStatusArguments(Schema):
    """This customer's orders and how far they are, newest first."""

    number = fields.String(
        load_default=None, validate=Length(1, 40), metadata={"description": "one order only, such as KQXT-MBPR"}
    )


class QuoteArguments(Schema):
    """Prepare an order of one item. The desk adds its terms and the question below your words."""

    sku = fields.String(required=True, validate=Length(1, 60), metadata={"description": "as search_catalogue gave it"})
    quantity = fields.Integer(load_default=1, validate=Range(1, 1000))


class PlaceArguments(Schema):
    """Place the order that was quoted, after the customer's clear yes. The desk adds number and link to your words."""


class CancelArguments(Schema):
    """Forget the open quote because the customer does not want it."""


class HandOverArguments(Schema):
    """Have a person take over: asked for, a complaint, or nothing here can help."""

    reason = fields.String(
        required=True, validate=Length(1, 300), metadata={"description": "for the colleague, in English"}
    )


@dataclass(frozen=True, slots=True)
class ModelTool:
    schema: Schema
    do: Callable[[Actions, dict[str, Any]], Any]


def _search(actions: Actions, given: dict[str, Any]) -> Any:
    found = [offer_data(offer) for offer in actions.search_catalogue(given["words"], limit=given["limit"])]
    return {"items": found} if found else {"items": [], "note": "nothing like this is for sale here; say so"}


def _convert(actions: Actions, given: dict[str, Any]) -> Any:
    made = actions.convert(given["amount"], given["source"], given["target"])
    source = wording_for(actions.situation).say(f"rate_{made.source}")
    return {"from": as_data(made.given), "to": as_data(made.result), "rate_of": as_data(made.as_of), "by": source}


def _status(actions: Actions, given: dict[str, Any]) -> Any:
    return {"orders": [order_data(order) for order in actions.order_status(given["number"])]}


def _quote(actions: Actions, given: dict[str, Any]) -> Any:
    quote = actions.quote(given["sku"], given["quantity"])
    return quote_data(quote) | {"note": "not ordered yet; the desk asks the customer to confirm"}


def _place(actions: Actions, _said: dict[str, Any]) -> Any:
    if actions.quoted is not None:
        raise CannotDo("the customer has not seen this quote yet; tell them and wait for their answer")
    return order_data(actions.placed or actions.confirm_order())  # at most one order per turn


def _cancel(actions: Actions, _said: dict[str, Any]) -> Any:
    return {"cancelled": actions.cancel_quote()}


def _hand_over(actions: Actions, given: dict[str, Any]) -> Any:
    actions.hand_over(given["reason"])
    return {"handed_over": True, "note": "tell the customer that a colleague will answer here"}


TOOLS: Mapping[str, ModelTool] = {
    "search_catalogue": ModelTool(SearchArguments(), _search),
    "convert_currency": ModelTool(ConvertArguments(), _convert),
    "order_status": ModelTool(OrderStatusArguments(), _status),
    "quote_order": ModelTool(QuoteArguments(), _quote),
    "place_order": ModelTool(PlaceArguments(), _place),
    "cancel_quote": ModelTool(CancelArguments(), _cancel),
    "hand_over": ModelTool(HandOverArguments(), _hand_over),
}


def tool_descriptions() -> list[Tool]:
    """In the format of chat completions; a schema's docstring describes its tool to the model."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": " ".join((tool.schema.__doc__ or "").split()),
                "parameters": json_schema(tool.schema),
            },
        }
        for name, tool in TOOLS.items()
    ]


def run_tool(call: ToolCall, actions: Actions) -> str:
    """JSON; `{"error": …}` for a wrong call or an impossible action."""
    tool = TOOLS.get(call.name)
    if tool is None:
        return _error(f"there is no tool {call.name[:60]!r}; there are {', '.join(TOOLS)}")
    try:
        result = tool.do(actions, tool.schema.load(call.arguments))
    except ValidationError as wrong:
        faults = sorted(wrong.messages_dict.items())
        return _error("; ".join(f"{name[:60]}: {' '.join(map(str, texts))}" for name, texts in faults))
    except CannotDo as refusal:
        return _error(str(refusal))
    return json.dumps(result, ensure_ascii=False, separators=(",", ":"))


def offer_data(offer: Offer) -> dict[str, Any]:
    return {name: value for name, value in as_data(offer).items() if value is not None}


def order_data(order: Order) -> dict[str, Any]:
    """Without contact and ad."""
    data = {
        "number": order.number,
        "state": order.state,
        "title": order.title,
        "quantity": order.quantity,
        "unit": as_data(order.unit),
        "total": as_data(order.total),
        "delivery": order.delivery,
        "ordered_on": order.created_at.date().isoformat(),
    }
    if order.state == "placed" and order.payment_link:
        data["payment_link"] = order.payment_link
    return data


def quote_data(quote: Quote) -> dict[str, Any]:
    return {
        "sku": quote.sku,
        "title": quote.title,
        "quantity": quote.quantity,
        "unit": as_data(quote.unit),
        "total": as_data(quote.total),
        "delivery": quote.delivery,
    }


def json_schema(schema: Schema) -> dict[str, Any]:
    named = {field.data_key or name: field for name, field in schema.fields.items()}
    return {
        "type": "object",
        "properties": {name: _property(field) for name, field in named.items()},
        "required": [name for name, field in named.items() if field.required],
        "additionalProperties": False,
    }


def _property(field: fields.Field[Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"type": JSON_TYPES[type(field)], **field.metadata}
    for validator in field.validators:
        if isinstance(validator, Length):
            given |= {"minLength": validator.min, "maxLength": validator.max}
        elif isinstance(validator, Range):
            given |= {"minimum": _number(validator.min), "maximum": _number(validator.max)}
        elif isinstance(validator, Regexp):
            given["pattern"] = f"^{str(validator.regex.pattern).removesuffix(END)}$"
    return given


def _number(limit: Any) -> int | float:
    return float(limit) if isinstance(limit, Decimal) else int(limit)


def _error(text: str) -> str:
    return json.dumps({"error": text}, ensure_ascii=False)
