"""What is in the data folder is its owner's alone, and made so again where a copy or a restored backup is not."""

from pathlib import Path
from typing import Final

OTHERS: Final = 0o077


def made_private(folder: Path) -> list[str]:
    """Take from others what they may do with the files of the folder and its logs; the names of those files.

    Raises OSError where a file is somebody else's.
    """
    open_to_others = [
        path
        for pattern in ("*", "logs/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file() and path.stat().st_mode & OTHERS
    ]
    for path in open_to_others:
        path.chmod(0o600)
    return [path.name for path in open_to_others]
