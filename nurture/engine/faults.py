"""What can stop a command. The message says what to do about it; the command line alone turns it into an exit code."""


class FaultError(Exception):
    """Something a person has to put right before the command can go on."""


class MisuseError(FaultError):
    """The command was asked for something that makes no sense, such as a project that is not there."""


class RefusedError(FaultError):
    """The files have errors, so nothing was changed."""


class StateError(FaultError):
    """The store cannot be used as it stands: not there, not migrated, locked, or halted."""


class UnreadableError(Exception):
    """A post from outside says nothing that can be understood; the words are kept with it, and name nobody."""
