"""What can go wrong in ``ml``, as types, so that callers can tell a bad file from a bug.

Everything here is an *expected* failure: a caller catches :class:`MlError`, shows its message and
goes on. Anything else that leaves ``ml`` is a bug.
"""


class MlError(Exception):
    """Base of every expected failure of this package."""


class ConfigError(MlError, ValueError):
    """A setting is outside its range; the message names the field and what is allowed."""


class DeviceUnavailable(MlError):
    """A device was asked for by name and this machine does not have it."""


class DataError(MlError):
    """The arrays that were handed in cannot be used."""


class TooLittleData(DataError):
    """There are not enough rows for what was asked."""


class UnknownId(DataError):
    """An id has no row in the map it was looked up in."""


class NonFiniteData(DataError):
    """NaN or infinity where a number is needed."""


class MissingPrediction(MlError):
    """A metric was asked about a pair that has no prediction (NaN)."""


class Diverged(MlError):
    """The loss stopped being a number during training."""


class Cancelled(MlError):
    """Training was asked to stop and did."""


class ArtifactError(MlError):
    """An artifact or checkpoint on disk cannot be used."""


class ArtifactMissing(ArtifactError):
    """The artifact, or one of its files, is not there."""


class ArtifactDamaged(ArtifactError):
    """A file of the artifact is not what was written: wrong length, checksum or structure."""


class ArtifactTooNew(ArtifactError):
    """The artifact was written by a later version of this program."""


class ArtifactExists(ArtifactError):
    """The name is taken; artifacts are never overwritten."""


class CheckpointMismatch(ArtifactError):
    """The checkpoint belongs to other data or to another configuration."""
