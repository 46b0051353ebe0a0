"""What is recorded and who may do it: frozen structs, pure rules, one codec. No clock, no files, no database."""
