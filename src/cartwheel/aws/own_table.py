"""The one table that a function may use."""

from cartwheel.kernel.store import Store

from . import clients
from .deployment import Deployment
from .store import DynamoStore
from .tables import DynamoTable


def open_store(deployment: Deployment) -> Store:
    """The store with the function's own table. Raises IncompleteDeployment."""
    table = DynamoTable(deployment.need("table_name"), deployment.indexes)
    return DynamoStore(clients.client("dynamodb"), {deployment.need("table"): table})
