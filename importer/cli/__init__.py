"""The command line: alone in printing, reading the environment, exiting; must not decide."""
