"""Every error this package raises on purpose.

RagError                 anything we can explain in one line
├── UsageError           the caller gave a value that cannot be used
│   └── QuestionError    the question is empty, too long or not text
├── CorpusError          the corpus folder is missing, empty or holds nothing readable
├── CorruptIndexError    an index on disk is incomplete or damaged
├── IndexWriteError      an index could not be saved
├── ModelError           model weights are missing, wrong, or do not fit the machine
└── ServerError          a server cannot be reached, refuses, or breaks off

Each message says what was found, what was expected, and what to run or change.
"""


class RagError(Exception):
    """Base of all errors that are reported as one line without a traceback."""


class UsageError(RagError):
    """A value given by the caller cannot be used; nothing was attempted."""


class QuestionError(UsageError):
    """A question that is empty, too long, or not text."""


class CorpusError(RagError):
    """The corpus folder is missing, unreadable, or holds no readable document."""


class CorruptIndexError(RagError):
    """An index on disk is incomplete or does not fit its manifest; it can be rebuilt."""


class IndexWriteError(RagError):
    """An index could not be saved; what was there before is untouched."""


class ModelError(RagError):
    """Model weights are missing, do not match their hash, or cannot be stored."""


class ServerError(RagError):
    """A server cannot be reached, refuses, or does not answer as expected."""
