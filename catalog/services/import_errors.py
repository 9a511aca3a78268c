"""What can go wrong with an import and is nobody's bug: the message is shown as it stands."""


class ImportFailed(Exception):
    """The file cannot be imported. The message says what is wrong, where, and what to do."""


class ImportBusy(ImportFailed):
    """Another import is at work on this database."""


class ImportStopped(ImportFailed):
    """The job was cancelled, or taken away, while it ran."""


class IllegalMove(Exception):
    """A job was asked to go into a state that its present state does not allow."""
