"""What is written and shown: folders of results, phrases, figures, the report."""
