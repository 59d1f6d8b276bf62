"""Sessions: what a set of calls comes to. Pure folds over calls; no files, no terminal."""
