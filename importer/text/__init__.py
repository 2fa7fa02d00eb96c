"""Text: what a Markdown body says and where its links lead; knows nothing of teams, files or plans."""
