"""The workbench's screens, one a file."""
