"""The audit emits nothing. What it hears, `StaffActed`, is the kernel's: the runner of any slice emits it."""
