"""For every house rule the faults that it must notice, so that no rule is one that cannot fail."""

from typing import Final

from .faults import Break, add, allow, arn, double, drop, elsewhere, log_group, of, put, secret, statements, tell, whole
from .variants_of_monitoring import MONITORING
from .variants_of_users import USERS

ROLE: Final = "CatalogApiRole"
STATEMENT: Final = "Policies.0.PolicyDocument.Statement"
PRODUCT: Final = "ApiGetProductsProductIdRoute"
PUT_PRODUCT: Final = "ApiPutProductsProductIdRoute"

VARIANTS: Final[dict[str, list[Break]]] = {
    "events.targets_have_dead_letters_and_retries": [
        lambda t: of(t, "CatalogImportRule1")["Targets"][0].pop("RetryPolicy"),
        lambda t: of(t, "CatalogRelaySchedule")["Target"].pop("DeadLetterConfig"),
    ],
    "events.rules_match_what_the_map_subscribes_to": [
        lambda t: put(of(t, "CatalogImportRule1"), "EventPattern.source", ["cartwheel"]),
        lambda t: of(t, "CatalogImportRule1").pop("EventBusName"),
        lambda t: drop(t, "OrderingEventsRule2"),
    ],
    "events.rules_and_schedules_are_switched_on": [
        lambda t: put(of(t, "CatalogImportRule1"), "State", "DISABLED"),
        lambda t: put(of(t, "CatalogImportSource"), "Enabled", False),
    ],
    "events.consumers_are_fed_from_their_queues": [
        lambda t: put(of(t, "PaymentEventsSource"), "BatchSize", 10),
        lambda t: of(t, "PaymentEventsSource").pop("ScalingConfig"),
        lambda t: drop(t, "PaymentEventsSource"),
    ],
    "events.relays_are_woken_by_their_tables": [
        lambda t: of(t, "CatalogRelaySource").pop("FilterCriteria"),
        lambda t: drop(t, "CatalogRelaySource"),
    ],
    "events.one_failure_does_not_repeat_its_batch": [
        lambda t: of(t, "OrderingEventsSource").pop("FunctionResponseTypes"),
    ],
    "events.no_record_blocks_its_stream": [
        lambda t: of(t, "CatalogRelaySource").pop("BisectBatchOnFunctionError"),
        lambda t: put(of(t, "CatalogRelaySource"), "MaximumRetryAttempts", -1),
        lambda t: of(t, "CatalogRelaySource").pop("MaximumRecordAgeInSeconds"),
        lambda t: of(t, "CatalogRelaySource").pop("DestinationConfig"),
    ],
    "events.time_wakes_whom_the_map_says": [
        lambda t: drop(t, "InventoryExpirySchedule"),
        lambda t: put(of(t, "CatalogRelaySchedule"), "ScheduleExpression", "rate(1 hour)"),
    ],
    "events.the_archive_keeps_the_events_of_the_bus": [
        lambda t: drop(t, "Archive"),
        lambda t: of(t, "Archive").pop("RetentionDays"),
        lambda t: put(of(t, "Archive"), "RetentionDays", 14),
    ],
    "functions.the_map_has_them_all": [
        lambda t: drop(t, "BasketEvents"),
        lambda t: double(t, "BasketEvents"),
    ],
    "functions.timeouts_are_those_of_the_map": [
        lambda t: put(of(t, "CatalogImport"), "Timeout", 10),
    ],
    "functions.apis_answer_before_the_gateway_gives_up": [
        lambda t: put(of(t, "CatalogApi"), "Timeout", 60),
    ],
    "functions.each_has_a_log_group_of_its_own": [
        lambda t: of(t, "CatalogApi").pop("LoggingConfig"),
        lambda t: double(t, "CatalogApi"),
    ],
    "functions.logs_are_kept_for_a_time": [
        lambda t: of(t, "CatalogApiLogs").pop("RetentionInDays"),
    ],
    "functions.logs_are_json": [
        lambda t: put(of(t, "CatalogApi"), "LoggingConfig.LogFormat", "Text"),
    ],
    "functions.calls_are_traced": [
        lambda t: of(t, "CatalogApi").pop("TracingConfig"),
    ],
    "functions.all_run_alike": [
        lambda t: put(of(t, "CatalogApi"), "MemorySize", 3008),
        lambda t: put(of(t, "CatalogApi"), "Architectures", ["x86_64"]),
    ],
    "functions.all_share_one_bundle": [
        lambda t: put(of(t, "CatalogApi"), "Code.S3Key", "another.zip"),
    ],
    "functions.entry_points_are_in_the_bundle": [
        lambda t: put(of(t, "CatalogApi"), "Handler", "cartwheel.aws.consumer.handler"),
        lambda t: tell(t, "CARTWHEEL_HANDLER", "cartwheel.catalog.routes:gone"),
        lambda t: tell(t, "CARTWHEEL_HANDLER", "cartwheel.cli.main:main"),
    ],
    "functions.variables_are_what_the_function_needs": [
        lambda t: of(t, "CatalogApi")["Environment"]["Variables"].pop("CARTWHEEL_TABLE_NAME"),
        lambda t: of(t, "CatalogApi").pop("Environment"),
        lambda t: tell(t, "CARTWHEEL_QUEUE_URL", "https://queue"),
        lambda t: tell(t, "DEBUG", "1"),
    ],
    "functions.variables_fit_into_what_lambda_takes": [
        lambda t: tell(t, "CARTWHEEL_SHOP_NAME", "x" * 4000),
        lambda t: tell(t, "CARTWHEEL_LOG_GROUPS", {"Fn::Join": [" ", [{"Ref": log_group(t)}] * 80]}),
    ],
    "functions.no_query_reads_more_groups_than_it_can": [
        lambda t: tell(t, "CARTWHEEL_LOG_GROUPS", " ".join(["group"] * 51)),
    ],
    "functions.secrets_are_only_where_they_are_declared": [
        lambda t: tell(t, "SEAL", secret(t)),
        lambda t: tell(t, "SEAL", "{{resolve:secretsmanager:seal}}"),
    ],
    "money.only_what_costs_nothing_idle_is_there": [
        lambda t: add(t, "AWS::EC2::NatGateway"),
    ],
    "money.nothing_is_rented": [
        lambda t: put(of(t, "CatalogApi"), "VpcConfig", {}),
        lambda t: put(of(t, "CatalogTable"), "ProvisionedThroughput", {"ReadCapacityUnits": 5}),
    ],
    "money.secrets_stay_few": [
        lambda t: double(t, "SealKey"),
    ],
    "money.users_are_on_the_free_plan": [
        lambda t: put(of(t, "UserPool"), "UserPoolTier", "PLUS"),
    ],
    "money.keys_stay_few": [
        lambda t: double(t, "AlarmKey"),
    ],
    **MONITORING,
    "names.nothing_has_a_fixed_name": [
        lambda t: put(of(t, "OrderingTable"), "TableName", "orders"),
        lambda t: put(of(t, "CatalogApi"), "FunctionName", {"Fn::Sub": "shop-${AWS::Region}"}),
    ],
    "names.physical_names_tell_the_stage": [
        lambda t: put(of(t, "Bus"), "Name", "cartwheel"),
    ],
    "names.nothing_is_exported": [
        lambda t: put(t["data"], "Outputs.OrderingTableName.Export", {"Name": "orders"}),
    ],
    "outputs.the_address_is_told": [
        lambda t: t["shop"]["Outputs"].pop("ApiUrl"),
    ],
    "outputs.parts_are_told_by_name": [
        lambda t: t["shop"]["Outputs"].pop("OrderingEventsDeadLettersUrl"),
    ],
    "outputs.functions_are_told_under_their_own_name": [
        lambda t: put(t["shop"], "Outputs.PagesFunctionName", t["shop"]["Outputs"]["BasketApiFunctionName"]),
    ],
    "outputs.no_secret_is_told": [
        lambda t: put(t["data"], "Outputs.Seal", {"Value": "{{resolve:secretsmanager:seal}}"}),
    ],
    "permissions.no_action_is_a_wildcard": [
        lambda t: allow(t, "dynamodb:*", arn(t, "Bus")),
        lambda t: put(of(t, ROLE), f"{STATEMENT}.0", {"Effect": "Allow", "NotAction": "iam:*"}),
    ],
    "permissions.no_resource_is_a_wildcard": [
        lambda t: put(of(t, ROLE), f"{STATEMENT}.2.Resource", "*"),
        lambda t: allow(t, "sqs:SendMessage", "arn:aws:sqs:*:*:*"),
    ],
    "permissions.nothing_is_granted_by_other_means": [
        lambda t: put(of(t, ROLE), "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
        lambda t: add(t, "AWS::IAM::Policy", PolicyDocument={"Statement": []}),
    ],
    "permissions.each_function_has_a_role_of_its_own": [
        lambda t: put(of(t, "CatalogApi"), "Role", arn(t, "PagesRole")),
    ],
    "permissions.roles_are_assumed_by_their_service_alone": [
        lambda t: put(of(t, ROLE), "AssumeRolePolicyDocument.Statement.0.Principal", {"AWS": "*"}),
        lambda t: of(t, "SchedulerRole")["AssumeRolePolicyDocument"]["Statement"][0].pop("Condition"),
    ],
    "permissions.functions_may_do_exactly_what_they_declare": [
        lambda t: allow(t, "sqs:SendMessage", arn(t, "Undelivered")),
        lambda t: statements(t, ROLE).pop(),
    ],
    "permissions.the_scheduler_may_only_run_what_is_due": [
        lambda t: put(of(t, "SchedulerRole"), f"{STATEMENT}.0.Resource", arn(t, "CatalogApi")),
    ],
    "queues.dead_letters_follow_every_queue": [
        lambda t: of(t, "CatalogImportQueue").pop("RedrivePolicy"),
        lambda t: add(t, "AWS::SQS::Queue"),
    ],
    "queues.dead_letters_are_kept_for_a_fortnight": [
        lambda t: of(t, "CatalogImportDeadLetters").pop("MessageRetentionPeriod"),
        lambda t: put(of(t, "Undelivered"), "MessageRetentionPeriod", 60),
    ],
    "queues.consumers_queues_are_as_the_map_says": [
        lambda t: put(of(t, "CatalogImportQueue"), "RedrivePolicy.maxReceiveCount", 100),
    ],
    "queues.messages_stay_hidden_for_six_timeouts": [
        lambda t: of(t, "OrderingEventsQueue").pop("VisibilityTimeout"),
    ],
    "queues.queues_are_encrypted": [
        lambda t: put(of(t, "CatalogImportQueue"), "SqsManagedSseEnabled", False),
    ],
    "queues.queues_take_only_their_own_rules_events": [
        lambda t: put(of(t, "CatalogImportQueuePolicy"), "PolicyDocument.Statement.1.Condition", {}),
        lambda t: drop(t, "UndeliveredPolicy"),
    ],
    "routes.routes_are_those_of_the_document": [
        lambda t: put(of(t, PRODUCT), "RouteKey", "GET /product/{product_id}"),
        lambda t: put(of(t, PUT_PRODUCT), "AuthorizationType", "NONE"),
        lambda t: put(of(t, PRODUCT), "Target", of(t, "ApiDefaultRoute")["Target"]),
        lambda t: double(t, PRODUCT, RouteKey="GET /admin"),
    ],
    "routes.guards_ask_our_own_user_pool": [
        lambda t: of(t, PUT_PRODUCT).pop("AuthorizerId"),
        lambda t: put(of(t, "ApiTokens"), "JwtConfiguration.Issuer", "https://else"),
    ],
    "routes.integrations_hand_on_the_whole_request": [
        lambda t: put(of(t, "ApiCatalogApiIntegration"), "PayloadFormatVersion", "1.0"),
    ],
    "routes.the_gateway_alone_may_call_what_answers_it": [
        lambda t: drop(t, "ApiCatalogApiPermission"),
        lambda t: of(t, "ApiCatalogApiPermission").pop("SourceArn"),
    ],
    "routes.pages_of_other_sites_may_not_ask": [
        lambda t: put(of(t, "Api"), "CorsConfiguration", {"AllowOrigins": ["*"]}),
    ],
    "routes.the_gateway_is_throttled_and_logs": [
        lambda t: of(t, "ApiStage").pop("DefaultRouteSettings"),
        lambda t: put(of(t, "ApiStage"), "DefaultRouteSettings.ThrottlingBurstLimit", 5000),
        lambda t: of(t, "ApiStage").pop("RouteSettings"),
        lambda t: put(of(t, "ApiStage"), "RouteSettings.POST /orders.ThrottlingRateLimit", 5000),
        lambda t: of(t, "ApiStage")["RouteSettings"].pop("POST /orders"),
        lambda t: of(t, "ApiStage").pop("AccessLogSettings"),
        lambda t: put(
            of(t, "ApiStage"), "AccessLogSettings.Format", '{"a": "$context.identity.sourceIp", "b": "$context.path"}'
        ),
    ],
    "stacks.every_part_is_there": [
        lambda t: t.pop("archive"),
    ],
    "stacks.there_is_room_to_grow": [
        lambda t: t["shop"]["Resources"].update({f"More{n}": {"Type": "AWS::Logs::LogGroup"} for n in range(300)}),
    ],
    "stacks.there_is_room_for_outputs": [
        lambda t: t["shop"]["Outputs"].update({f"More{n}": {"Value": "x"} for n in range(100)}),
    ],
    "stacks.references_lead_to_the_same_stage": [
        lambda t: tell(t, "CARTWHEEL_TABLE_NAME", elsewhere()),
        lambda t: drop(t, "CatalogTable"),
    ],
    "stacks.the_deployment_needs_no_parameters": [
        lambda t: put(t["shop"], "Parameters.Password", {"Type": "String"}),
    ],
    "stacks.nothing_depends_on_one_account": [
        lambda t: put(of(t, "CatalogImportSource"), "EventSourceArn", "arn:aws:sqs:eu-west-1:1:q"),
    ],
    "tables.the_map_has_them_all": [
        lambda t: drop(t, "PaymentTable"),
    ],
    "tables.indexes_are_those_of_the_map": [
        lambda t: of(t, "OrderingTable")["GlobalSecondaryIndexes"].pop(),
    ],
    "tables.tables_are_what_the_store_needs": [
        lambda t: of(t, "OrderingTable").pop("PointInTimeRecoverySpecification"),
        lambda t: put(of(t, "OrderingTable"), "BillingMode", "PROVISIONED"),
        lambda t: put(of(t, "OrderingTable"), "TimeToLiveSpecification.AttributeName", "ttl"),
        lambda t: of(t, "OrderingTable").pop("StreamSpecification"),
        lambda t: put(of(t, "VaultTable"), "StreamSpecification", {"StreamViewType": "NEW_IMAGE"}),
        lambda t: of(t, "VaultTable")["PointInTimeRecoverySpecification"].pop("RecoveryPeriodInDays"),
    ],
    "tables.indexes_carry_whole_items": [
        lambda t: put(of(t, "OrderingTable"), "GlobalSecondaryIndexes.0.Projection", {"ProjectionType": "KEYS_ONLY"}),
    ],
    "tables.data_is_kept_in_production_and_goes_elsewhere": [
        lambda t: whole(t, "OrderingTable").pop("DeletionPolicy"),
        lambda t: of(t, "UserPool").pop("DeletionProtection"),
        lambda t: put(whole(t, "SealKey"), "UpdateReplacePolicy", "Snapshot"),
        lambda t: put(whole(t, "CatalogApiLogs"), "DeletionPolicy", "Delete"),
        lambda t: put(whole(t, "CatalogImportQueue"), "DeletionPolicy", "Retain"),
    ],
    "tables.data_is_apart_from_what_is_replaced": [
        lambda t: add(t, "AWS::S3::Bucket"),
        lambda t: t["data"]["Resources"].update({"Trigger": {"Type": "AWS::Lambda::Function", "Properties": {}}}),
    ],
    "events.a_run_that_failed_is_left_to_the_next": [
        lambda t: of(t, "CatalogRelayInvocation").pop("MaximumRetryAttempts"),
        lambda t: drop(t, "InventoryExpiryInvocation"),
    ],
    "events.a_call_that_nobody_waits_for_is_not_lost": [
        lambda t: drop(t, "EventPublisherInvocation"),
        lambda t: of(t, "EventPublisherInvocation").pop("DestinationConfig"),
    ],
    "routes.there_is_one_api_that_is_served": [
        lambda t: drop(t, "ApiStage"),
        lambda t: of(t, "ApiStage").pop("AutoDeploy"),
        lambda t: put(of(t, PRODUCT), "ApiId", "another"),
        lambda t: add(t, "AWS::ApiGatewayV2::Api", ProtocolType="WEBSOCKET"),
    ],
    **USERS,
}
