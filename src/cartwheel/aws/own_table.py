"""The table that a function may use, and that of the keys, if it may."""

from cartwheel.kernel.store import Store

from . import clients
from .deployment import Deployment
from .store import DynamoStore
from .tables import DynamoTable


def open_store(deployment: Deployment) -> Store:
    """With the function's own table and, for who is told of it, that of the keys. Raises IncompleteDeployment."""
    tables = {deployment.need("table"): DynamoTable(deployment.need("table_name"), deployment.indexes)}
    if deployment.vault_name:
        from cartwheel.kernel.vault import TABLE as VAULT  # late: relays need no more than the store

        tables[VAULT] = DynamoTable(deployment.vault_name)
    return DynamoStore(clients.client("dynamodb"), tables)
