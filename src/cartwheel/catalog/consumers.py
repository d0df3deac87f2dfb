"""Events in: pieces of an import wait to be applied."""

from cartwheel.kernel import consumer
from cartwheel.kernel.inbox import Inbox
from cartwheel.kernel.unit_of_work import UnitOfWork

from . import imports
from .events import ImportRequested
from .store import TABLE

inbox = Inbox("catalog-import", TABLE)


@inbox.on(ImportRequested, "import_id", "chunk")
def apply_chunk(event: ImportRequested, unit: UnitOfWork) -> None:
    imports.apply(unit, event.import_id, event.chunk)


handler = consumer.handler(inbox)
