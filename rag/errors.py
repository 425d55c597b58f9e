"""Every error this package raises on purpose.

RagError                 anything we can explain in one line
├── UsageError           the caller gave a value that cannot be used
│   ├── QuestionError    the question is empty, too long or not text
│   └── NoSuchIndexError no index has the name
├── CorpusError          the corpus folder is empty or holds nothing readable
├── CorruptIndexError    an index on disk is incomplete or damaged
├── IndexWriteError      an index could not be saved
├── ModelError           model weights are missing, wrong, or do not fit the machine
├── BusyError            too many questions wait; another may be asked later
│   └── ClosingError     the server is shutting down, and takes no more questions
└── ServerError          a server cannot be reached, refuses, or breaks off
    └── ReplacedError    a document is not the one that was found

Each message says what was found, what was expected, and what to run or change.
"""


class RagError(Exception):
    """Base of all errors that are reported as one line without a traceback."""


class UsageError(RagError):
    """A value given by the caller cannot be used; nothing was attempted."""


class QuestionError(UsageError):
    """A question that is empty, too long, or not text."""


class NoSuchIndexError(UsageError):
    """No index has the name that was given."""


class CorpusError(RagError):
    """The corpus folder is unreadable, or holds no readable document."""


class CorruptIndexError(RagError):
    """An index on disk is incomplete or does not fit its manifest; it can be rebuilt."""


class IndexWriteError(RagError):
    """An index could not be saved; what was there before is untouched."""


class ModelError(RagError):
    """Model weights are missing, do not match their hash, or cannot be stored."""


class BusyError(RagError):
    """Too many questions wait; ask again in ``retry_after`` seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ClosingError(BusyError):
    """The server is shutting down; it answers what it took, and takes no more."""


class ServerError(RagError):
    """A server cannot be reached, refuses, or does not answer as expected."""


class ReplacedError(ServerError):
    """A document is no longer the one that was found: a build replaces it meanwhile."""

    def __init__(self, doc: str) -> None:
        super().__init__(f"{doc} is being replaced; ask again")
