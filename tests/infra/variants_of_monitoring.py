"""The faults that the rules about alarms and the dashboard must notice."""

from typing import Final

from .faults import Break, add, drop, of, put

MONITORING: Final[dict[str, list[Break]]] = {
    "monitoring.every_function_has_an_alarm_on_errors": [
        lambda t: drop(t, "PagesErrorsAlarm"),
        lambda t: put(of(t, "PaymentEventsErrorsAlarm"), "MetricName", "Invocations"),
    ],
    "monitoring.every_queue_is_watched": [
        lambda t: drop(t, "PaymentEventsAgeAlarm"),
        lambda t: drop(t, "PaymentEventsBacklogAlarm"),
        lambda t: drop(t, "PaymentEventsDeadLettersVisibleAlarm"),
        lambda t: drop(t, "UndeliveredVisibleAlarm"),
    ],
    "monitoring.every_stream_is_watched": [
        lambda t: drop(t, "CatalogRelayIteratorAgeAlarm"),
    ],
    "monitoring.alarms_are_those_declared": [
        lambda t: drop(t, "Api5xxAlarm"),
        lambda t: put(of(t, "Api5xxAlarm"), "Threshold", 1500),
        lambda t: put(of(t, "ApiLatencyAlarm"), "DatapointsToAlarm", 5),
        lambda t: put(of(t, "ThrottlesAlarm"), "TreatMissingData", "breaching"),
        lambda t: put(of(t, "PaymentProviderFailuresAlarm"), "Namespace", "Cartwheel"),
        lambda t: put(of(t, "OrdersBelowUsualAlarm"), "Statistic", "Sum"),
    ],
    "monitoring.alarms_tell_when_they_ring_and_when_it_is_over": [
        lambda t: of(t, "Api5xxAlarm").pop("OKActions"),
        lambda t: of(t, "Api5xxAlarm").pop("AlarmActions"),
        lambda t: put(of(t, "Api5xxAlarm"), "ActionsEnabled", False),
        lambda t: put(of(t, "Api5xxAlarm"), "AlarmDescription", "5xx"),
    ],
    "monitoring.the_topic_is_encrypted_and_hears_alarms": [
        lambda t: of(t, "Alarms").pop("KmsMasterKeyId"),
        lambda t: drop(t, "AlarmsPolicy"),
        lambda t: of(t, "AlarmKey").pop("EnableKeyRotation"),
        lambda t: of(t, "AlarmKey")["KeyPolicy"]["Statement"].pop(),
    ],
    "monitoring.nobody_is_told_who_is_not_named": [
        lambda t: add(t, "AWS::SNS::Subscription", Protocol="email", Endpoint="anna@cartwheel.example"),
    ],
    "monitoring.the_dashboard_shows_what_there_is": [
        lambda t: drop(t, "Dashboard"),
        lambda t: put(of(t, "Dashboard"), "DashboardBody", '{"widgets": []}'),
    ],
}
