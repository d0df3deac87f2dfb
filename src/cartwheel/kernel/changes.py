"""What a write makes of an item, for stores that have to work it out themselves."""

from .store import Delete, InvalidWrite, Item, Put, Update, Write


def after(item: Item | None, write: Write) -> Item | None:
    """The item as the write leaves it, its condition aside. Raises InvalidWrite when there is nothing to add to."""
    match write:
        case Put():
            return write.item
        case Update():
            return updated(item, write)
        case Delete():
            return None
        case _:
            return item


def updated(item: Item | None, change: Update) -> Item:
    changed = {**(item or {"PK": change.key.pk, "SK": change.key.sk}), **change.set}
    for attribute, amount in change.add.items():
        before = changed.get(attribute, 0)
        if type(before) is not int:
            raise InvalidWrite(f"{attribute!r} is not an integer that can be added to")
        changed[attribute] = before + amount
    for attribute in change.remove:
        changed.pop(attribute, None)
    return changed
