"""The embedded host's user pool: accounts, sign-ins and tokens, behind the calls of a Cognito user pool (ADR 30)."""
