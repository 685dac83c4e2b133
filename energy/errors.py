"""One error class per thing a caller does differently; every message names the culprit and what to do."""


class HubError(Exception):
    """Base of everything the hub refuses; its text is shown to people as it stands."""


class UndecodableMessage(HubError):
    """A message that cannot be read as a whole: it is quarantined with its reason."""

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"message on {topic!r} cannot be read: {reason}")
        self.topic = topic
        self.reason = reason


class InvalidInput(HubError):
    """Something a person wrote (a file, an option, a parameter) is not what it should be."""


class NotFound(HubError):
    """A community, point, dataset or file that the hub does not know."""


class KeyNotValid(HubError):
    """A sharing key that cannot be applied to the members at that time."""


class Unavailable(HubError):
    """A database, broker or port that does not answer: trying again later can help."""


class MigrationConflict(HubError):
    """The database holds a migration that differs from the file of the same name."""
