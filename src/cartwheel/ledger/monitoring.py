"""How the shop's business is watched: by what its events tell the ledger."""

from datetime import timedelta
from typing import Final

from cartwheel.kernel.alarms import MINUTE, Alarm
from cartwheel.kernel.dashboard import THE_SHOPS, Series, Watched, Widget

from . import metrics
from .metrics import WINDOW

STATES: Final = ("placed", "confirmed", "fulfilled", "cancelled", "refunded")
OUTCOMES: Final = ("authorised", "declined")
QUARTER: Final = 15 * MINUTE
HOUR: Final = timedelta(hours=1)

ALARMS: Final = (
    Alarm(
        name="orders-below-usual",
        metric=metrics.ORDERS_OF_USUAL,
        statistic="Minimum",
        period=WINDOW,
        setting="alarm_orders",
        comparison="<",
        evaluation_periods=2,
        datapoints=2,
        meaning="far fewer orders come than usually at this hour of the week",
        runbook="orders-below-usual",
    ),
    Alarm(
        name="declines-above-usual",
        metric=metrics.DECLINES_ABOVE_USUAL,
        statistic="Maximum",
        period=WINDOW,
        setting="alarm_declines",
        comparison=">",
        meaning="far more payments are declined than usually",
        runbook="declines-above-usual",
    ),
    Alarm(
        name="discrepancies",
        metric=metrics.DISCREPANCIES,
        period=HOUR,
        setting="alarm_discrepancies",
        meaning="reconciliation found things that slices do not agree about",
        runbook="discrepancies-found",
    ),
)
WIDGETS: Final = (
    Widget("Orders", tuple(Series(metrics.ORDERS, state, {"State": state}) for state in STATES)),
    Widget(
        "Money",
        (
            Series(metrics.REVENUE, "taken", {"Currency": THE_SHOPS}),
            Series(metrics.REFUNDS, "given back", {"Currency": THE_SHOPS}),
        ),
        QUARTER,
    ),
    Widget("Payments", tuple(Series(metrics.PAYMENTS, outcome, {"Outcome": outcome}) for outcome in OUTCOMES)),
    Widget(
        "Orders, in percent of the usual", (Series(metrics.ORDERS_OF_USUAL, "orders", statistic="Minimum"),), WINDOW
    ),
    Widget(
        "Declined payments, points above the usual",
        (Series(metrics.DECLINES_ABOVE_USUAL, "declines", statistic="Maximum"),),
        WINDOW,
    ),
    Widget("Baskets checked out", (Series(metrics.BASKETS_CHECKED_OUT, "checked out"),), HOUR),
    Widget(
        "Stock", (Series(metrics.STOCK_OUTS, "orders short of stock"), Series(metrics.STOCK_LOW, "SKUs low")), QUARTER
    ),
    Widget("Mails", (Series(metrics.MAILS_SENT, "sent"),), QUARTER),
    Widget("Discrepancies", (Series(metrics.DISCREPANCIES, "found"),), HOUR),
)
BUSINESS: Final = Watched(metrics.METRICS, ALARMS, WIDGETS)
