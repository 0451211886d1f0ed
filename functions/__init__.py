"""Cloud Functions: one file per function, named like its use case."""
