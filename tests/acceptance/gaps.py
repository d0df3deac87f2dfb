"""What the stand-in does not do as AWS does it, so that no case there can see it: seen by trying and in its source."""

from typing import Final, NamedTuple


class Gap(NamedTuple):
    """`instead` says where the same thing is tested otherwise."""

    what: str
    why: str
    instead: str


GAPS: Final = (
    Gap("expiry of items", "CloudFormation's TimeToLiveSpecification is ignored", "template; `Store` contract"),
    Gap("point-in-time recovery", "CloudFormation's specification is ignored", "template"),
    Gap("archive of events", "CloudFormation does not know AWS::Events::Archive", "template; in a stack of its own"),
    Gap("dead letters of rules and schedules", "a target that cannot be reached is only logged", "template"),
    Gap(
        "retries, bisecting and failure destination of the relay's stream",
        "a batch is repeated for ever; batchItemFailures are not read; only too old records go to the destination",
        "template; tests of the relay",
    ),
    Gap("permissions of roles", "not checked without its AUTH setting", "the recording proxy checks every call"),
    Gap("permissions of resources (queue policies, Lambda permissions)", "not checked without AUTH", "template"),
    Gap(
        "the address of the API", "the stack's output names a host of AWS's", "the same API, by a path of the stand-in"
    ),
    Gap("throttling of the API", "rate and burst are ignored", "template"),
    Gap("codes of the user pool", "any is taken without its AUTH setting", "tests of the embedded host's pool"),
    Gap("triggers of the user pool", "it calls none after a confirmation", "template; the suite calls the function"),
    Gap("lockout of the user pool", "passwords can be guessed without end", "Cognito's own; tests of the pool here"),
    Gap("traces", "it has no X-Ray", "template"),
    Gap("queries of logs that take their time, or fail", "one is done as it starts", "the journal's tests, with stubs"),
    Gap("other machines and Pythons", "functions run in its own Python on this machine", "bundle tests"),
    Gap("seconds and milliseconds", "a call takes it about 60 ms, whatever the function does", "bench/; budget tests"),
)
