"""What people use: the command line, the page, Mesa's page."""
