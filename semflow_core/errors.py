"""The one exception that a user's mistake raises."""


class InputError(ValueError):
    """Something the user gave is wrong; the message is one sentence that names it and says what is right.

    The command line prints it and exits with status 2; the app shows it as it stands.
    """
