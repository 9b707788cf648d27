"""The few exceptions a caller may want to catch; each message says what, where and what to do."""


class XietongError(Exception):
    """Base of every error Xietong raises on purpose."""


class UsageError(XietongError):
    """The call cannot be carried out as given: a wrong option, an input that does not exist, nothing to do."""


class CodebookError(XietongError):
    """The codebook has problems; all of them are in the message, each with file and line."""


class ReadError(XietongError):
    """One document cannot be read; the message becomes the ``reason`` of its row."""


class RunFolderError(XietongError):
    """The run folder is damaged, in use by another run, or was not written by Xietong."""


class MissingExtraError(XietongError):
    """An optional library is not installed; the message has the command that installs it."""


class ModelError(XietongError):
    """A trained model cannot be used: a file is missing, was altered, or belongs to another codebook."""
