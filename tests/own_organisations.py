"""Classes of organisations as a user writes them, in a module that worker processes can import."""

import qispread as qs

WAIT = 8


class Unchanged(qs.Organisation):
    """Behaves as every organisation does."""


class Patient(qs.Organisation):
    """Decides about nothing in the first months."""

    def decide_practice(self, practice):
        """Decide once some months have passed."""
        if self.model.month > WAIT:
            super().decide_practice(practice)


class Hasty(qs.Organisation):
    """Fails with the error of a programmer in the third month."""

    def review(self):
        """Read an attribute that does not exist."""
        if self.model.month == 3:
            self.no_such_attribute  # noqa: B018 - the access is the error
        super().review()


class Overflowing(qs.Organisation):
    """Divides by zero."""

    def review(self):
        """Fail as arithmetic fails."""
        if self.index == 0 and self.model.replicate == 1:
            raise ZeroDivisionError("no beds")
        super().review()
