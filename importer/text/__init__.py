"""What a Markdown body says and where its links lead; must not know teams, files or plans."""
