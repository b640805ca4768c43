"""The only folder that knows Typer, terminals and exit codes. One file a command."""
