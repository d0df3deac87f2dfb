"""Headers of every answer, on either host: what a browser may do with it, and which pages may ask."""

from typing import Final

API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"

# An answer may have its own of any of these.
SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": API_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # ids of baskets and orders open them, so even a guest's answers are the guest's own
}
TLS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

# What pages of the shop's own origins may send and read (CORS). Tokens travel in a header, so no cookies are asked for.
METHODS: Final = ("GET", "POST", "PUT", "DELETE")
SENT: Final = ("authorization", "content-type", "idempotency-key", "x-correlation-id", "traceparent")
READ: Final = ("x-request-id", "idempotency-replayed", "retry-after")
PREFLIGHT_SECONDS: Final = 3600
