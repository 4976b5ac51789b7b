"""The page: a small server on this computer that answers what a change would bring, and the page that asks it."""
