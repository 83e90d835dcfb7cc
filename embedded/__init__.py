"""Everything Fairframe needs on one bare machine, as child processes; the apps know nothing of it."""
