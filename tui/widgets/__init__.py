"""The workbench's widgets, one a file."""
